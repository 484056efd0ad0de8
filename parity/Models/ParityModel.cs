// What is compared: one model, from a checkpoint folder or with random weights, that can be had in float32 and in float64. Both hold the same numbers,
// those of the float32 weights, so that every difference between two runs is one of arithmetic.

using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Text;
using Ditar.Reference.Vae;

namespace Ditar.Parity;

/// <summary>The networks in one element type.</summary>
internal sealed record Networks(DitarModel Model, Autoencoder Autoencoder);

/// <param name="Name">For people: the folder's name, or "0.1B random".</param>
/// <param name="Sizes">The sizes of both networks as JSON.</param>
/// <param name="Hash">SHA-256 over all weights; see <see cref="WeightHash"/>.</param>
internal sealed record ModelIdentity(string Name, string Sizes, string Hash);

internal sealed class ParityModel
{
    private readonly Func<ElementType, Networks> at;

    private ParityModel(string name, DitarConfig config, VaeConfig vae, string hash, Func<ElementType, Networks> at)
    {
        this.at = at;
        Config = config;
        Vae = vae;
        Identity = new ModelIdentity(name, ModelSizes.Json(config, vae), hash);
    }

    public ModelIdentity Identity { get; }

    public DitarConfig Config { get; }

    public VaeConfig Vae { get; }

    public CharacterTokenizer Tokenizer { get; private init; } = CharacterTokenizer.Default;

    public SamplingDefaults Sampling { get; private init; } = new(5, 2, 1, 0.5);

    /// <summary>Stored prompts; none with random weights.</summary>
    public IReadOnlyList<Voice> Voices { get; private init; } = [];

    /// <summary>The seed of random weights; null for a checkpoint.</summary>
    public ulong? WeightSeed { get; private init; }

    public Networks At(ElementType type) => at(type);

    /// <exception cref="MalformedFileException">The folder is not a checkpoint.</exception>
    public static ParityModel Open(string folder)
    {
        var single = DitarCheckpoint.Load(folder);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ParityModel(name, single.Config.Model, single.Config.Vae, WeightHash.Of(single.Model, single.Autoencoder), type =>
        {
            var checkpoint = type == ElementType.Float32 ? single : DitarCheckpoint.Load(folder, type);
            return new Networks(checkpoint.Model, checkpoint.Autoencoder);
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
    public static ParityModel Random(string size, ulong seed, string decoder = VaeConfig.InverseStftKind, int maxPositions = 0)
    {
        var config = DitarConfig.Named(size, CharacterTokenizer.Default.Symbols.Count);
        if (maxPositions > 0) config = config with { MaxPositions = maxPositions };
        return Random($"{size} random", config, TokenizerFor(config, decoder), seed);
    }

    public static ParityModel Random(string name, DitarConfig config, VaeConfig vae, ulong seed)
    {
        var model = new RandomWeights(seed);
        var built = new DitarModel(model, config);
        var wave = new RandomWeights(seed + 1);
        var autoencoder = new Autoencoder(wave.Root, vae);
        var modelWeights = model.Taken.ToDictionary();
        var waveWeights = wave.Taken.ToDictionary();
        return new ParityModel(name, config, vae, WeightHash.Of(built, autoencoder), type => type == ElementType.Float32
            ? new Networks(built, autoencoder)
            : new Networks(new DitarModel(new GivenWeights(modelWeights, type), config), new Autoencoder(new GivenWeights(waveWeights, type).Root, vae)))
        {
            WeightSeed = seed,
        };
    }

    // The paper's sizes have 64 latent dims and speak at 24 kHz (spec, section 2); the tiny one is the bundled model's.
    private static VaeConfig TokenizerFor(DitarConfig config, string decoder) => config.LatentDim == 32
        ? new VaeConfig { Decoder = decoder }
        : new VaeConfig { SampleRate = 24_000, Strides = [5, 5, 6, 4], LatentDim = config.LatentDim, Decoder = decoder, BigVgan = new() { Upsample = [4, 6, 5, 5] } };
}

internal sealed record ModelSizes(DitarConfig Model, VaeConfig Vae)
{
    public static string Json(DitarConfig model, VaeConfig vae) => JsonSerializer.Serialize(new ModelSizes(model, vae), SizesJson.Default.ModelSizes);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ModelSizes))]
internal sealed partial class SizesJson : JsonSerializerContext;
