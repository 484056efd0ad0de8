// An official VoxCPM folder to compare. The definition's float32 weights are the model: bf16 files lose nothing on the way, and the weight norm of the audio
// VAE is merged once, so that every engine multiplies by the same numbers. There are no stored voices: what is said is a text, or noise.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Parity;

internal sealed class VoxCpmParityModel : ParityModel
{
    private readonly VoxCpmNetworks single;

    private VoxCpmParityModel(string name, VoxCpmNetworks single, VoxCpmTokenizer tokenizer)
        : base(new ModelIdentity(name, ModelSizes.Json(single.Model.Config), single.Hash)) => (this.single, Tokenizer) = (single, tokenizer);

    public VoxCpmConfig Config => single.Model.Config;

    public VoxCpmTokenizer Tokenizer { get; }

    public override IReadOnlyList<string> PartNames => VoxCpmGraphNames.All;

    public override IReadOnlyList<string> Formats => EngineFormats.Names;

    // The oracle computes some hundred times slower than it would be heard.
    public override int FreePatches => FreeRun.Marks[1];

    public override int FreeSteps => 10;

    /// <exception cref="CheckpointException">The folder is not a checkpoint.</exception>
    public static new VoxCpmParityModel Open(string folder)
    {
        using var checkpoint = VoxCpmCheckpoint.Open(folder);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new(name, new VoxCpmNetworks(checkpoint.ReadModel(), checkpoint.ReadVae()), checkpoint.Tokenizer);
    }

    public override VoxCpmNetworks At(ElementType type)
    {
        if (type == ElementType.Float32) return single;
        var (model, vae) = (single.Model.Parameters.ToDictionary(), single.Vae.Parameters.ToDictionary());
        return new(new VoxCpmModel(new GivenWeights(model, type), Config), new AudioVae(new GivenWeights(vae, type), Config.Vae));
    }

    public override string? Sizes(ExportManifest manifest) => manifest.VoxCpm is { } config ? ModelSizes.Json(config) : null;

    public override Plan Plan(IParityEngine oracle, PlanOptions options, Action done, CancellationToken cancellation) => VoxCpmPassages.Plan(this, oracle, options, done, cancellation);

    public override IParityEngine Fused(string format) => new VoxCpmFusedEngine(this, format);

    public override GenerationLoop Loop(Networks networks, GenerationRequest request)
    {
        var model = ((VoxCpmNetworks)networks).Model;
        return new(model.Encoder, model.LanguageModel, model.Diffusion.On(request.Sampler.Grid), null, model.Shape, VoxCpmTokenizer.AudioStart);
    }

    public override GenerationLoop Loop(ExportedGraphs graphs, GenerationRequest request)
    {
        var exported = ExportedVoxCpm.Over(graphs, Config);
        return new(exported.Encoder, exported.Language, exported.FieldOn(request.Sampler.Grid), null, single.Model.Shape, VoxCpmTokenizer.AudioStart);
    }
}
