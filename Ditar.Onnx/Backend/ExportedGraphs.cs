// The graphs of an export folder, loaded when they are first asked for and kept. What they are of does not matter here: each file is held against what is
// known of its graph, DiTAR's by the sizes of the model, VoxCPM's by the ports that the manifest lists.

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
        if (Options.Provider == OnnxProvider.WebGpu && Manifest.Vae is { } codec && WebGpuFault.Of(name, codec) is { } fault)
            throw new OnnxProviderException($"{Path.Combine(Folder, exported.File)}: ONNX Runtime's WebGPU provider computes {fault} wrongly; use another provider");
        var contract = Manifest is { Model: { } model, Vae: { } vae } ? GraphContract.Of(name, model, vae) : GraphContract.Of(exported);
        return graphs[name] = OnnxGraph.Load(Library, Path.Combine(Folder, exported.File), contract, Options);
    }
}
