// A DiTAR model to compare: a folder of ours, or one of the named sizes with random weights.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Text;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Parity;

internal sealed class DitarParityModel : ParityModel
{
    private readonly Func<ElementType, DitarNetworks> at;

    private DitarParityModel(string name, DitarConfig config, VaeConfig vae, string hash, Func<ElementType, DitarNetworks> at)
        : base(new ModelIdentity(name, ModelSizes.Json(config, vae), hash)) => (this.at, Config, Vae) = (at, config, vae);

    public DitarConfig Config { get; }

    public VaeConfig Vae { get; }

    public CharacterTokenizer Tokenizer { get; private init; } = CharacterTokenizer.Default;

    public SamplingDefaults Sampling { get; private init; } = new(5, 2, 1, 0.5);

    /// <summary>Stored prompts; none with random weights.</summary>
    public IReadOnlyList<Voice> Voices { get; private init; } = [];

    public override IReadOnlyList<string> PartNames => GraphNames.All;

    public override IReadOnlyList<string> Formats => EngineFormats.Names;

    public override int FreePatches => WeightSeed is null ? FreeRun.Marks[^1] : FreeRun.Marks[2];

    public override int FreeSteps => WeightSeed is null ? Sampling.Steps : 2;

    /// <exception cref="MalformedFileException">The folder is not a checkpoint.</exception>
    public static new DitarParityModel Open(string folder)
    {
        var single = DitarCheckpoint.Load(folder);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new DitarParityModel(name, single.Config.Model, single.Config.Vae, WeightHash.Of(single.Model, single.Autoencoder), type =>
        {
            var checkpoint = type == ElementType.Float32 ? single : DitarCheckpoint.Load(folder, type);
            return new DitarNetworks(checkpoint.Model, checkpoint.Autoencoder);
        })
        {
            Tokenizer = single.Tokenizer,
            Sampling = single.Config.Sampling,
            Voices = single.Voices,
        };
    }

    /// <summary>One of the named sizes with random weights and the default vocabulary.</summary>
    /// <param name="maxPositions">Of the language model; 0 for the size's own.</param>
    /// <exception cref="ArgumentException">No such size.</exception>
    public static new DitarParityModel Random(string size, ulong seed, string decoder = VaeConfig.InverseStftKind, int maxPositions = 0)
    {
        var config = DitarConfig.Named(size, CharacterTokenizer.Default.Symbols.Count);
        if (maxPositions > 0) config = config with { MaxPositions = maxPositions };
        return Random($"{size} random", config, TokenizerFor(config, decoder), seed);
    }

    public static new DitarParityModel Random(string name, DitarConfig config, VaeConfig vae, ulong seed)
    {
        var model = new RandomWeights(seed);
        var built = new DitarModel(model, config);
        var wave = new RandomWeights(seed + 1);
        var autoencoder = new Autoencoder(wave.Root, vae);
        var modelWeights = model.Taken.ToDictionary();
        var waveWeights = wave.Taken.ToDictionary();
        return new DitarParityModel(name, config, vae, WeightHash.Of(built, autoencoder), type => type == ElementType.Float32
            ? new DitarNetworks(built, autoencoder)
            : new DitarNetworks(new DitarModel(new GivenWeights(modelWeights, type), config), new Autoencoder(new GivenWeights(waveWeights, type).Root, vae)))
        {
            WeightSeed = seed,
        };
    }

    public override DitarNetworks At(ElementType type) => at(type);

    public override string? Sizes(ExportManifest manifest) => manifest is { Model: { } model, Vae: { } vae } ? ModelSizes.Json(model, vae) : null;

    public override Plan Plan(IParityEngine oracle, PlanOptions options, Action done, CancellationToken cancellation) => Passages.Plan(this, oracle, options, done, cancellation);

    public override IParityEngine Fused(string format) => new FusedEngine(this, format);

    public override GenerationLoop Loop(Networks networks, GenerationRequest request) => new(((DitarNetworks)networks).Model, null, Tokenizer.AudioStartId);

    public override GenerationLoop Loop(ExportedGraphs graphs, GenerationRequest request)
    {
        var exported = ExportedModel.Over(graphs);
        return new(exported.Encoder, exported.Language, exported.Field, null, PatchShape.Of(Config), Tokenizer.AudioStartId);
    }

    // The paper's sizes have 64 latent dims and speak at 24 kHz (spec, section 2); the tiny one is the bundled model's.
    private static VaeConfig TokenizerFor(DitarConfig config, string decoder) => config.LatentDim == 32
        ? new VaeConfig { Decoder = decoder }
        : new VaeConfig { SampleRate = 24_000, Strides = [5, 5, 6, 4], LatentDim = config.LatentDim, Decoder = decoder, BigVgan = new() { Upsample = [4, 6, 5, 5] } };
}
