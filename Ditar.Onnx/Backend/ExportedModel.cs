// An export folder as a model: the four interfaces of the generation loop over its graphs. Graphs are loaded when they are first needed, so that a folder
// without an encoder can still speak.
//
//     using var model = ExportedModel.Open(OnnxLibrary.Shared, "onnx/", new OnnxSessionOptions { Provider = OnnxProvider.Cpu });
//     var loop = new GenerationLoop(model.Encoder, model.Language, model.Field, model.Vocoder, PatchShape.Of(model.Manifest.Model), audioStart);
//
// What is computed is float32; float64 tensors are rounded on the way in. One thread at a time.

using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Onnx;

public sealed class ExportedModel : IDisposable
{
    private readonly Dictionary<string, OnnxGraph> graphs = [];
    private readonly OnnxLibrary library;
    private bool disposed;

    private ExportedModel(OnnxLibrary library, string folder, ExportManifest manifest, OnnxSessionOptions options)
    {
        (this.library, Folder, Manifest, Options) = (library, folder, manifest, options);
        Encoder = new OnnxPatchEncoder(this);
        Language = new OnnxLanguageModel(this);
        Field = new OnnxVelocityField(this);
        Vocoder = new OnnxVocoder(this);
    }

    public string Folder { get; }

    public ExportManifest Manifest { get; }

    public OnnxSessionOptions Options { get; }

    public IPatchEncoder Encoder { get; }

    public ILanguageModel Language { get; }

    public IVelocityField Field { get; }

    public IVocoder Vocoder { get; }

    /// <summary>Graphs loaded so far, by name.</summary>
    public IReadOnlyDictionary<string, OnnxSession> Sessions => graphs.ToDictionary(pair => pair.Key, pair => pair.Value.Session);

    /// <exception cref="ExportManifestException">The folder has no manifest, or one that cannot be used.</exception>
    public static ExportedModel Open(OnnxLibrary library, string folder, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Over(library, folder, ExportManifest.Read(folder), options);
    }

    /// <summary>As <see cref="Open"/>, with a manifest that was read before.</summary>
    public static ExportedModel Over(OnnxLibrary library, string folder, ExportManifest manifest, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(options);
        return new ExportedModel(library, folder, manifest, options);
    }

    /// <summary>Refuses a folder that was exported from a model of other sizes.</summary>
    /// <exception cref="ExportManifestException">Names the first number that differs.</exception>
    public void RequireSizes(DitarConfig model, VaeConfig vae)
    {
        Require("model", JsonSerializer.SerializeToElement(model, ManifestJson.Default.DitarConfig), JsonSerializer.SerializeToElement(Manifest.Model, ManifestJson.Default.DitarConfig));
        Require("vae", JsonSerializer.SerializeToElement(vae, ManifestJson.Default.VaeConfig), JsonSerializer.SerializeToElement(Manifest.Vae, ManifestJson.Default.VaeConfig));
    }

    /// <summary>Refuses a folder that was exported from a model of other sizes or other weights.</summary>
    /// <exception cref="ExportManifestException">Names what differs.</exception>
    public void RequireModel(DitarCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        RequireSizes(checkpoint.Config.Model, checkpoint.Config.Vae);
        var hash = WeightHash.Of(checkpoint.Model, checkpoint.Autoencoder);
        if (hash != Manifest.WeightHash)
            throw new ExportManifestException(
                Path.Combine(Folder, ExportManifest.FileName), "weight_hash", $"the model's {hash}",
                $"{Manifest.WeightHash}; the folder was exported from other weights of the same sizes ({MalformedFileException.Quote(Manifest.Name)})");
    }

    /// <summary>Loads graphs now that speaking will need, so that a fault is found before the first sound.</summary>
    /// <exception cref="OnnxGraphException">A file cannot be loaded or is not the graph that its name says.</exception>
    /// <exception cref="ExportManifestException">A graph was not exported.</exception>
    /// <exception cref="OnnxProviderException">The provider is known to compute a layer of this model wrongly.</exception>
    public void Prepare()
    {
        foreach (var name in GraphNames.All)
            if (name != GraphNames.VaeEncoder) _ = Graph(name);
    }

    /// <summary>The session of one graph, loaded if it is not yet; it stays this model's to dispose.</summary>
    /// <exception cref="OnnxGraphException">The file cannot be loaded or is not the graph that its name says.</exception>
    /// <exception cref="ExportManifestException">The graph was not exported.</exception>
    /// <exception cref="OnnxProviderException">The provider is known to compute a layer of this model wrongly.</exception>
    public OnnxSession Session(string name) => Graph(name).Session;

    /// <summary>Audio to scaled latents, through the graph.</summary>
    /// <param name="audio">[batch, frames * hop, 1].</param>
    /// <returns>[batch, frames, D].</returns>
    public Tensor EncodeAudio(Tensor audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        var hop = Manifest.Vae.Hop;
        if (audio.Rank != 3 || audio[2] != 1 || audio[1] % hop != 0) throw new ArgumentException($"Expected audio [batch, frames * {hop}, 1], found {audio}.", nameof(audio));
        var graph = Graph(GraphNames.VaeEncoder);
        using var fed = graph.Feed(audio);
        return graph.Run("latents", [("audio", fed)], audio[0], audio[1] / hop, Manifest.Vae.LatentDim);
    }

    public void Dispose()
    {
        disposed = true;
        foreach (var graph in graphs.Values) graph.Dispose();
        graphs.Clear();
    }

    internal OnnxGraph Graph(string name)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (graphs.TryGetValue(name, out var graph)) return graph;
        var path = Path.Combine(Folder, ExportManifest.FileName);
        var exported = Manifest.Graphs.FirstOrDefault(each => each.Name == name)
            ?? throw new ExportManifestException(path, "graphs", $"a graph {name}", Manifest.Graphs.Count == 0 ? "none" : string.Join(", ", Manifest.Graphs.Select(each => each.Name)));
        if (Options.Provider == OnnxProvider.WebGpu && WebGpuFault.Of(name, Manifest.Vae) is { } fault)
            throw new OnnxProviderException($"{Path.Combine(Folder, exported.File)}: ONNX Runtime's WebGPU provider computes {fault} wrongly; use another provider");
        var contract = GraphContract.Of(name, Manifest.Model, Manifest.Vae);
        return graphs[name] = OnnxGraph.Load(library, Path.Combine(Folder, exported.File), contract, Options);
    }

    private void Require(string at, JsonElement wanted, JsonElement found)
    {
        if (wanted.ValueKind == JsonValueKind.Object && found.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in wanted.EnumerateObject()) Require($"{at}.{property.Name}", property.Value, found.GetProperty(property.Name));
        }
        else if (wanted.GetRawText() != found.GetRawText())
        {
            throw new ExportManifestException(Path.Combine(Folder, ExportManifest.FileName), at, $"the model's {wanted.GetRawText()}", $"{found.GetRawText()}; the folder was exported from another model");
        }
    }
}
