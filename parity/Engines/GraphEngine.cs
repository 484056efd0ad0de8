// Exported graphs in ONNX Runtime with one execution provider, through the backend that also speaks: what is measured here is what `ditar say` runs. A graph is
// loaded when it is first asked for and kept: the language model's weights lie in two, so loading all at once would be dear. Graphs exported with
// intermediates show their layers; others are compared on their outputs.

using Ditar.Onnx;
using Ditar.Reference.Speech;

namespace Ditar.Parity;

internal sealed class GraphEngine : IParityEngine
{
    private readonly OnnxLibrary library;
    private readonly ExportedGraphs graphs;
    private readonly ParityModel model;

    /// <exception cref="RecordingException">The graphs are of another model.</exception>
    public GraphEngine(ParityModel model, OnnxLibrary library, string folder, ExportManifest manifest, ProviderChoice choice)
    {
        RequireModel(model, folder, manifest);
        (this.model, this.library) = (model, library);
        graphs = new ExportedGraphs(library, folder, manifest, new OnnxSessionOptions { Provider = choice.Provider });
        var cpu = choice.Provider == OnnxProvider.Cpu;
        Identity = new EngineIdentity(
            $"onnx {choice.Provider.Title()}", cpu ? EngineKind.GraphCpu : EngineKind.GraphGpu, $"{choice.Title}, 1 thread", $"ONNX Runtime {library.Version}", manifest.Intermediates);
    }

    public EngineIdentity Identity { get; }

    /// <summary>Refuses graphs of other sizes or weights, and an export that lacks some.</summary>
    /// <exception cref="RecordingException">Names what differs.</exception>
    public static void RequireModel(ParityModel model, string folder, ExportManifest manifest)
    {
        var file = Path.Combine(folder, ExportManifest.FileName);
        var sizes = model.Sizes(manifest) ?? "those of another kind of model";
        if (sizes != model.Identity.Sizes) throw new RecordingException(file, "sizes", model.Identity.Sizes, sizes);
        if (manifest.Seed != model.WeightSeed) throw new RecordingException(file, "seed of the weights", Seed(model.WeightSeed), Seed(manifest.Seed));
        if (manifest.WeightHash != model.Identity.Hash) throw new RecordingException(file, "weights", model.Identity.Hash, $"{manifest.WeightHash}; they were exported from another checkpoint");
        if (model.PartNames.FirstOrDefault(name => manifest.Graphs.All(graph => graph.Name != name)) is { } missing)
            throw new RecordingException(file, "graphs", $"all of {string.Join(", ", model.PartNames)}", $"none for {missing}");

        static string Seed(ulong? seed) => seed is null ? "none, for a checkpoint" : $"{seed}";
    }

    public IReadOnlyList<RecordedTensor> Run(ModuleCall call)
    {
        var outputs = graphs.Manifest.Graph(call.Module).Outputs;
        // Layers first, in their order, then what the graph hands out, as our own engines do.
        string[] wanted = [.. outputs.Where(port => !IsOutput(port)).Concat(outputs.Where(IsOutput)).Select(port => port.Name)];
        return Run(call, wanted);
    }

    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation) =>
        model.Loop(graphs, request).Generate(request, cancellation: cancellation);

    public void Dispose() => graphs.Dispose();

    private static bool IsOutput(GraphPort port) => Array.IndexOf(ModuleCall.OutputNames, port.Name.Split('.')[0]) >= 0;

    private RecordedTensor[] Run(ModuleCall call, string[] wanted)
    {
        var session = graphs.Session(call.Module);
        var inputs = new List<(string Name, OnnxTensor Tensor)>();
        OnnxTensor[] results = [];
        try
        {
            foreach (var port in session.Inputs)
            {
                var input = call[port.Name];
                long[] shape = Array.ConvertAll(input.Shape, extent => (long)extent);
                if (!port.Takes(shape)) throw new RecordingException(session.Name, $"input {port.Name}", $"{port}", input.ShapeText);
                inputs.Add((port.Name, input.Values is long[] symbols ? OnnxTensor.Over<long>(library, symbols, shape) : OnnxTensor.Over<float>(library, (float[])input.Values, shape)));
            }

            results = session.Run(inputs.ToArray(), wanted);
            return [.. results.Zip(wanted, (tensor, name) => new RecordedTensor(name, [.. tensor.Shape.ToArray().Select(extent => checked((int)extent))], tensor.Values<float>().ToArray()))];
        }
        finally
        {
            foreach (var (_, tensor) in inputs) tensor.Dispose();
            foreach (var tensor in results) tensor.Dispose();
        }
    }
}
