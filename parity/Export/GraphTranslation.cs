// A symbolic graph as an ONNX model. Values get their names here: a graph output its own, a module's output the module's path, everything else the
// path and the operation. Templates then write each operation, and what nothing reads is dropped.

using Ditar.Parity.OnnxFiles;
using Ditar.Reference;

namespace Ditar.Parity.Export;

internal sealed class GraphTranslation
{
    // Gains and biases are a thousandth of a model; rounding them would only cost accuracy.
    private const int SmallestHalfRank = 2;
    private const float LargestHalf = 65504;

    private readonly SymbolicGraph graph;
    private readonly GraphBuilder builder;
    private readonly IReadOnlyDictionary<Tensor, string> parameters;
    private readonly bool half;
    private readonly Dictionary<SymbolicValue, string> names = new(ReferenceEqualityComparer.Instance);

    private GraphTranslation(SymbolicGraph graph, IReadOnlyDictionary<Tensor, string> parameters, bool half)
    {
        (this.graph, this.parameters, this.half) = (graph, parameters, half);
        builder = new GraphBuilder(graph);
    }

    /// <param name="parameters">Names of weights and tables, by reference.</param>
    /// <param name="half">Matrices as float16.</param>
    /// <param name="intermediates">Every module's output becomes an output.</param>
    /// <exception cref="ExportException">An operation has no template, or a weight does not fit into float16.</exception>
    public static OnnxModel Of(SymbolicGraph graph, IReadOnlyDictionary<Tensor, string> parameters, string description, bool half, bool intermediates) =>
        new GraphTranslation(graph, parameters, half).Translate(description, intermediates);

    public GraphBuilder Builder => builder;

    private OnnxModel Translate(string description, bool intermediates)
    {
        foreach (var input in graph.Inputs) names[input.Value] = builder.Unique(input.Name);
        var outputs = new List<ValueInfo>();
        var copies = new List<(SymbolicValue From, string To)>();
        foreach (var (name, value) in graph.Outputs) outputs.Add(Name(name, value, copies));
        var runs = new Dictionary<string, int>();
        foreach (var (path, value) in graph.Modules)
        {
            var run = runs[path] = runs.GetValueOrDefault(path) + 1;
            var name = run == 1 ? path : $"{path}#{run}";
            if (intermediates) outputs.Add(Name(name, value, copies));
            else if (!names.ContainsKey(value)) names[value] = builder.Unique(name);
        }

        foreach (var operation in graph.Operations)
        {
            if (!names.ContainsKey(operation.Result)) names[operation.Result] = builder.Unique($"{Module(operation.Module)}/{operation.Kind}");
            OperationTemplates.Write(new TemplateContext(this, operation, Module(operation.Module)));
        }

        foreach (var (from, to) in copies) builder.Add(Module(""), "Identity", [NameOf(from)], [], to);
        return Pruned(description, outputs);
    }

    /// <summary>The name of a value; a constant becomes an initialiser when it is first asked for.</summary>
    public string NameOf(SymbolicValue value)
    {
        if (names.TryGetValue(value, out var name)) return name;
        if (value.Constant is not { } tensor) throw new ExportException($"{graph.Name}: a value is read before it is made.");
        var isParameter = parameters.TryGetValue(tensor, out var given);
        var single = tensor.To(ElementType.Float32);
        var halved = half && isParameter && tensor.Rank >= SmallestHalfRank;
        if (halved) RequireHalf(given!, single);
        return names[value] = isParameter ? builder.Weight(given!, single, halved) : builder.Constant($"{Module(value.Module)}.constant", single);
    }

    private string Module(string path) => path.Length == 0 ? graph.Name : path;

    private ValueInfo Name(string name, SymbolicValue value, List<(SymbolicValue, string)> copies)
    {
        // A value that has its name already gets the further one through an Identity.
        var unique = builder.Unique(name);
        if (unique != name) throw new ExportException($"{graph.Name}: two values are called {name}.");
        if (!names.TryAdd(value, unique)) copies.Add((value, unique));
        return new ValueInfo(unique, TensorType.Float, [.. value.Shape.Select(extent => extent.ToText(graph.Symbols))]);
    }

    private static void RequireHalf(string name, Tensor tensor)
    {
        foreach (var value in tensor.Values<float>())
            if (!(MathF.Abs(value) <= LargestHalf)) throw new ExportException($"{name} holds {value}, which float16 cannot; export float32.");
    }

    private OnnxModel Pruned(string description, List<ValueInfo> outputs)
    {
        var needed = outputs.Select(port => port.Name).ToHashSet(StringComparer.Ordinal);
        var kept = new List<GraphNode>();
        foreach (var node in builder.Nodes.Reverse())
        {
            if (!node.Outputs.Any(needed.Contains)) continue;
            kept.Add(node);
            needed.UnionWith(node.Inputs);
        }

        kept.Reverse();
        var inputs = graph.Inputs.Select(input => new ValueInfo(
            input.Name, input.IsIndices ? TensorType.Int64 : TensorType.Float, [.. input.Value.Shape.Select(extent => extent.ToText(graph.Symbols))]));
        return new OnnxModel(graph.Name, description, [.. inputs], outputs, kept, [.. builder.Initializers.Where(tensor => needed.Contains(tensor.Name))]);
    }
}
