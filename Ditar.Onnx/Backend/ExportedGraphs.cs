// The graphs of an export folder, loaded when they are first asked for and kept, each file held against what a model of the manifest's sizes feeds it and wants
// from it. Whose graphs they are is asked here, by sizes and weights; what they are put together to is ExportedModel's (DiTAR) and ExportedVoxCpm's business.

using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Files;

namespace Ditar.Onnx;

/// <summary>For use on one thread.</summary>
public sealed class ExportedGraphs : IDisposable
{
    private readonly Dictionary<string, OnnxGraph> graphs = [];
    private bool disposed;

    /// <param name="manifest">Of the folder, read before.</param>
    public ExportedGraphs(OnnxLibrary library, string folder, ExportManifest manifest, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(options);
        (Library, Folder, Manifest, Options) = (library, folder, manifest, options);
    }

    public OnnxLibrary Library { get; }

    public string Folder { get; }

    public ExportManifest Manifest { get; }

    public OnnxSessionOptions Options { get; }

    /// <summary>Graphs loaded so far, by name.</summary>
    public IReadOnlyDictionary<string, OnnxSession> Sessions => graphs.ToDictionary(pair => pair.Key, pair => pair.Value.Session);

    /// <summary>The session of one graph, loaded if it is not yet; it stays this object's to dispose.</summary>
    /// <exception cref="OnnxGraphException">The file cannot be loaded or is not the graph that its name says.</exception>
    /// <exception cref="ExportManifestException">The graph was not exported.</exception>
    /// <exception cref="OnnxProviderException">The provider is known to compute a layer of this model wrongly.</exception>
    public OnnxSession Session(string name) => Graph(name).Session;

    /// <summary>Loads what speaking needs.</summary>
    internal void Prepare()
    {
        foreach (var name in Manifest.Names)
            if (name != GraphNames.VaeEncoder) _ = Graph(name);
    }

    /// <param name="audio">[batch, frames * hop, 1].</param>
    /// <returns>[batch, frames, dim].</returns>
    internal Tensor EncodeAudio(Tensor audio, int hop, int dim)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (audio.Rank != 3 || audio[2] != 1 || audio[1] % hop != 0) throw new ArgumentException($"Expected audio [batch, frames * {hop}, 1], found {audio}.", nameof(audio));
        var graph = Graph(GraphNames.VaeEncoder);
        using var fed = graph.Feed(audio);
        return graph.Run("latents", [("audio", fed)], audio[0], audio[1] / hop, dim);
    }

    /// <summary>Refuses graphs of a model of other sizes.</summary>
    /// <param name="at">Where in the manifest.</param>
    /// <exception cref="ExportManifestException">Names the first number that differs.</exception>
    internal void RequireSizes(string at, JsonElement wanted, JsonElement found)
    {
        if (wanted.ValueKind == JsonValueKind.Object && found.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in wanted.EnumerateObject()) RequireSizes($"{at}.{property.Name}", property.Value, found.GetProperty(property.Name));
        }
        else if (wanted.GetRawText() != found.GetRawText())
        {
            throw new ExportManifestException(Path.Combine(Folder, ExportManifest.FileName), at, $"the model's {wanted.GetRawText()}", $"{found.GetRawText()}; the folder was exported from another model");
        }
    }

    /// <summary>Refuses graphs of other weights.</summary>
    /// <param name="hash">A <see cref="WeightHash"/> of the model's.</param>
    /// <exception cref="ExportManifestException">They differ.</exception>
    internal void RequireWeights(string hash)
    {
        if (hash != Manifest.WeightHash)
            throw new ExportManifestException(
                Path.Combine(Folder, ExportManifest.FileName), "weight_hash", $"the model's {hash}",
                $"{Manifest.WeightHash}; the folder was exported from other weights of the same sizes ({MalformedFileException.Quote(Manifest.Name)})");
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
        var wrong = Options.Provider != OnnxProvider.WebGpu ? null
            : Manifest.VoxCpm is { } sizes ? WebGpuFault.Of(name, sizes.Vae)
            : Manifest.Vae is { } codec ? WebGpuFault.Of(name, codec) : null;
        if (wrong is { } fault)
            throw new OnnxProviderException($"{Path.Combine(Folder, exported.File)}: ONNX Runtime's WebGPU provider computes {fault} wrongly; use another provider");
        var contract = Manifest switch
        {
            { VoxCpm: { } official } => GraphContract.Of(name, official),
            { Model: { } model, Vae: { } vae } => GraphContract.Of(name, model, vae),
            _ => throw new ExportManifestException(path, "model", "the sizes of a model", "none"),
        };
        return graphs[name] = OnnxGraph.Load(Library, Path.Combine(Folder, exported.File), contract, Options);
    }
}
