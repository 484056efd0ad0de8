// An export folder of a VoxCPM model: what VoxCpmSpeaker takes, over its graphs. Sizes are the checkpoint's, which were checked when its config.json was read;
// the folder must be of the same.
//
//     using var model = ExportedVoxCpm.Open(OnnxLibrary.Shared, "onnx/", checkpoint.Config, new OnnxSessionOptions { Provider = OnnxProvider.Cpu });
//     var speaker = new VoxCpmSpeaker(checkpoint.Config, checkpoint.Tokenizer, model.Encoder, model.Language, model.FieldOn, model.Vocoder);
//
// What is computed is float32. One thread at a time.

using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

public sealed class ExportedVoxCpm : IDisposable
{
    private readonly ExportedGraphs graphs;

    private ExportedVoxCpm(ExportedGraphs graphs, VoxCpmConfig config)
    {
        (this.graphs, Config) = (graphs, config);
        Encoder = new OnnxPatchEncoder(graphs, config.Base.Width);
        Language = new OnnxVoxCpmLanguageModel(graphs, config);
        Vocoder = new OnnxVocoder(graphs, config.Vae.OutputRate, config.Vae.DecoderHop, config.LatentDim, DecoderReach.Of(config.Vae));
    }

    public VoxCpmConfig Config { get; }

    public IPatchEncoder Encoder { get; }

    public ILanguageModel Language { get; }

    public IVocoder Vocoder { get; }

    /// <summary>Graphs loaded so far, by name.</summary>
    public IReadOnlyDictionary<string, OnnxSession> Sessions => graphs.Sessions;

    /// <param name="config">Of the checkpoint that shall speak.</param>
    /// <exception cref="ExportManifestException">The folder has no manifest, or one of another model.</exception>
    public static ExportedVoxCpm Open(OnnxLibrary library, string folder, VoxCpmConfig config, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Over(new ExportedGraphs(library, folder, ExportManifest.Read(folder), options), config);
    }

    /// <summary>As <see cref="Open"/>.</summary>
    /// <param name="graphs">This model's to dispose from now on.</param>
    public static ExportedVoxCpm Over(ExportedGraphs graphs, VoxCpmConfig config)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        ArgumentNullException.ThrowIfNull(config);
        if (graphs.Manifest.VoxCpm is not { } found)
            throw new ExportManifestException(Path.Combine(graphs.Folder, ExportManifest.FileName), "vox_cpm", "the sizes of a VoxCPM model", "DiTAR's graphs");
        graphs.RequireSizes("vox_cpm", JsonSerializer.SerializeToElement(config, ManifestJson.Default.VoxCpmConfig), JsonSerializer.SerializeToElement(found, ManifestJson.Default.VoxCpmConfig));
        return new ExportedVoxCpm(graphs, config);
    }

    /// <summary>The field for a sampler of this grid: a mean-mode model is told how far each step goes; others hear zero.</summary>
    public IVelocityField FieldOn(TimeGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return new OnnxVelocityField(graphs, Config.MeanMode ? grid.StepFrom : _ => 0);
    }

    /// <summary>Refuses a folder that was exported from other weights, which are read for it from first to last.</summary>
    /// <exception cref="ExportManifestException">They differ.</exception>
    public void RequireWeights(VoxCpmCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        graphs.RequireWeights(WeightHash.Of(checkpoint.ReadModel(later: true), checkpoint.ReadVae(later: true)));
    }

    /// <inheritdoc cref="ExportedModel.Session"/>
    public OnnxSession Session(string name) => graphs.Session(name);

    /// <inheritdoc cref="ExportedModel.Prepare"/>
    public void Prepare() => graphs.Prepare();

    /// <summary>Audio to latents, through the graph.</summary>
    /// <param name="samples">Mono at the encoder's rate, frames * hop.</param>
    /// <returns>[frames, D].</returns>
    public Tensor EncodeAudio(ReadOnlySpan<float> samples) =>
        graphs.EncodeAudio(Tensor.From(samples, 1, samples.Length, 1), Config.Vae.EncoderHop, Config.LatentDim).Reshape(-1, Config.LatentDim);

    public void Dispose() => graphs.Dispose();
}
