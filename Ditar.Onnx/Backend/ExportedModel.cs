// An export folder as a model: the four interfaces of the generation loop over its graphs. Graphs are loaded when they are first needed, so that a folder
// without an encoder can still speak.
//
//     using var model = ExportedModel.Open(OnnxLibrary.Shared, "onnx/", new OnnxSessionOptions { Provider = OnnxProvider.Cpu });
//     var loop = new GenerationLoop(model.Encoder, model.Language, model.Field, model.Vocoder, PatchShape.Of(model.Config), audioStart);
//
// What is computed is float32; float64 tensors are rounded on the way in. One thread at a time.

using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Onnx;

public sealed class ExportedModel : IDisposable
{
    private readonly ExportedGraphs graphs;

    private ExportedModel(ExportedGraphs graphs, DitarConfig config, VaeConfig vae)
    {
        (this.graphs, Config, Vae) = (graphs, config, vae);
        Encoder = new OnnxPatchEncoder(graphs, config.LanguageModel.Width);
        Language = new OnnxLanguageModel(graphs, config);
        Field = new OnnxVelocityField(graphs);
        Vocoder = new OnnxVocoder(graphs, vae.SampleRate, vae.Hop, vae.LatentDim, DecoderReach.Of(vae));
    }

    public string Folder => graphs.Folder;

    public ExportManifest Manifest => graphs.Manifest;

    public OnnxSessionOptions Options => graphs.Options;

    public DitarConfig Config { get; }

    public VaeConfig Vae { get; }

    public IPatchEncoder Encoder { get; }

    public ILanguageModel Language { get; }

    public IVelocityField Field { get; }

    public IVocoder Vocoder { get; }

    /// <summary>Graphs loaded so far, by name.</summary>
    public IReadOnlyDictionary<string, OnnxSession> Sessions => graphs.Sessions;

    /// <exception cref="ExportManifestException">The folder has no manifest, one that cannot be used, or one of VoxCPM, which <see cref="ExportedVoxCpm"/> opens.</exception>
    public static ExportedModel Open(OnnxLibrary library, string folder, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Over(new ExportedGraphs(library, folder, ExportManifest.Read(folder), options));
    }

    /// <summary>As <see cref="Open"/>.</summary>
    /// <param name="graphs">This model's to dispose from now on.</param>
    public static ExportedModel Over(ExportedGraphs graphs)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        return graphs.Manifest is { Model: { } model, Vae: { } vae }
            ? new ExportedModel(graphs, model, vae)
            : throw new ExportManifestException(Path.Combine(graphs.Folder, ExportManifest.FileName), "model", "the sizes of a DiTAR model", "VoxCPM's graphs");
    }

    /// <summary>Refuses a folder that was exported from a model of other sizes.</summary>
    /// <exception cref="ExportManifestException">Names the first number that differs.</exception>
    public void RequireSizes(DitarConfig model, VaeConfig vae)
    {
        graphs.RequireSizes("model", JsonSerializer.SerializeToElement(model, ManifestJson.Default.DitarConfig), JsonSerializer.SerializeToElement(Config, ManifestJson.Default.DitarConfig));
        graphs.RequireSizes("vae", JsonSerializer.SerializeToElement(vae, ManifestJson.Default.VaeConfig), JsonSerializer.SerializeToElement(Vae, ManifestJson.Default.VaeConfig));
    }

    /// <summary>Refuses a folder that was exported from a model of other sizes or other weights.</summary>
    /// <exception cref="ExportManifestException">Names what differs.</exception>
    public void RequireModel(DitarCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        RequireSizes(checkpoint.Config.Model, checkpoint.Config.Vae);
        graphs.RequireWeights(WeightHash.Of(checkpoint.Model, checkpoint.Autoencoder));
    }

    /// <summary>Loads graphs now that speaking will need, so that a fault is found before the first sound.</summary>
    /// <exception cref="OnnxGraphException">A file cannot be loaded or is not the graph that its name says.</exception>
    /// <exception cref="ExportManifestException">A graph was not exported.</exception>
    /// <exception cref="OnnxProviderException">The provider is known to compute a layer of this model wrongly.</exception>
    public void Prepare() => graphs.Prepare();

    /// <summary>The session of one graph, loaded if it is not yet; it stays this model's to dispose.</summary>
    /// <exception cref="OnnxGraphException">The file cannot be loaded or is not the graph that its name says.</exception>
    /// <exception cref="ExportManifestException">The graph was not exported.</exception>
    /// <exception cref="OnnxProviderException">The provider is known to compute a layer of this model wrongly.</exception>
    public OnnxSession Session(string name) => graphs.Session(name);

    /// <summary>Audio to scaled latents, through the graph.</summary>
    /// <param name="audio">[batch, frames * hop, 1].</param>
    /// <returns>[batch, frames, D].</returns>
    public Tensor EncodeAudio(Tensor audio) => graphs.EncodeAudio(audio, Vae.Hop, Vae.LatentDim);

    public void Dispose() => graphs.Dispose();
}
