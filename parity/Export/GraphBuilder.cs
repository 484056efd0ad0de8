// Collects the nodes of one graph. Names carry the module path: node "encoder.transformer.layers.0.attention.query/MatMul". Extents that follow
// the input are computed from the shapes of the inputs, each expression once.

using System.Globalization;
using Ditar.Parity.OnnxFiles;
using Ditar.Reference;

namespace Ditar.Parity.Export;

internal sealed class GraphBuilder(SymbolicGraph graph)
{
    private readonly List<GraphNode> nodes = [];
    private readonly Dictionary<string, Initializer> initializers = new(StringComparer.Ordinal);
    private readonly HashSet<string> valueNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> nodeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> once = new(StringComparer.Ordinal);

    public IReadOnlyList<GraphNode> Nodes => nodes;

    public IReadOnlyCollection<Initializer> Initializers => initializers.Values;

    public IReadOnlyList<Symbol> Symbols => graph.Symbols;

    /// <summary>The name itself if it is free, else with a number behind it.</summary>
    public string Unique(string name) => Unique(valueNames, name);

    /// <summary>Adds a node with one output.</summary>
    /// <param name="output">Its name, already unique; null for one made from the node's.</param>
    /// <returns>The output's name.</returns>
    public string Add(string module, string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<NodeAttribute> attributes, string? output = null) =>
        AddMany(module, operatorType, inputs, attributes, [output ?? Unique($"{module}/{operatorType}")])[0];

    public IReadOnlyList<string> AddMany(
        string module, string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<NodeAttribute> attributes, IReadOnlyList<string> outputs)
    {
        nodes.Add(new GraphNode(Unique(nodeNames, $"{module}/{operatorType}"), operatorType, inputs, outputs, attributes));
        return outputs;
    }

    /// <summary>Makes something the first time it is asked for by this key.</summary>
    public string Once(string key, Func<string> make)
    {
        if (!once.TryGetValue(key, out var name)) once[key] = name = make();
        return name;
    }

    public string Constant(float value) => Once(
        string.Create(CultureInfo.InvariantCulture, $"constant/{value:R}"),
        () => Add(Initializer.Scalar(Unique(string.Create(CultureInfo.InvariantCulture, $"constant/{value:R}")), value)));

    public string Constant(params ReadOnlySpan<long> values)
    {
        long[] kept = [.. values];
        var name = $"constant/[{string.Join(",", kept)}]";
        return Once(name, () => Add(Initializer.Of(Unique(name), kept)));
    }

    public string IntegerScalar(long value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"constant/int64 {value}");
        return Once(name, () => Add(Initializer.Of(Unique(name), [value], isScalar: true)));
    }

    public string Constant(string name, Tensor tensor) => Add(Initializer.Of(Unique(name), tensor));

    public string Weight(string name, Tensor tensor, bool half)
    {
        var stored = Add(Initializer.Of(Unique(name), tensor, half));
        return half ? Add(ModuleOf(name), "Cast", [stored], [new("to", (long)TensorType.Float)], Unique($"{name}/float32")) : stored;
    }

    /// <summary>An extent as an int64 tensor [1].</summary>
    public string Extent(Affine extent)
    {
        if (extent.IsConstant) return Constant(extent.Constant);
        return Once($"extent {extent.ToText(Symbols)}", () =>
        {
            string? sum = null;
            for (var i = 0; i < Symbols.Count; i++)
            {
                if (extent.Coefficients[i] == 0) continue;
                var term = extent.Coefficients[i] == 1 ? SymbolValue(i) : Add("sizes", "Mul", [SymbolValue(i), Constant(extent.Coefficients[i])], []);
                sum = sum is null ? term : Add("sizes", "Add", [sum, term], []);
            }

            return extent.Constant == 0 ? sum! : Add("sizes", "Add", [sum!, Constant(extent.Constant)], []);
        });
    }

    /// <summary>Extents as one int64 list: a constant where nothing follows the input.</summary>
    public string Extents(IReadOnlyList<Affine> extents) => extents.All(extent => extent.IsConstant)
        ? Constant([.. extents.Select(extent => extent.Constant)])
        : extents.Count == 1
            ? Extent(extents[0])
            : Once(
                $"extents {string.Join(", ", extents.Select(extent => extent.ToText(Symbols)))}",
                () => Add("sizes", "Concat", [.. extents.Select(Extent)], [new("axis", 0L)]));

    // A symbol is read off an input's axis: that of which it is itself the extent, else one of which it is a fraction (samples = hop * frames).
    private string SymbolValue(int symbol) => Once($"symbol {Symbols[symbol].Name}", () =>
    {
        var places =
            from input in graph.Inputs
            from axis in Enumerable.Range(0, input.Value.Shape.Count)
            let extent = input.Value.Shape[axis]
            let others = extent.Coefficients.ToArray().Where((c, i) => i != symbol).Any(c => c != 0)
            where !others && extent.Constant == 0 && extent.Coefficients[symbol] > 0
            orderby extent.Coefficients[symbol]
            select (input.Name, axis, Factor: extent.Coefficients[symbol]);
        foreach (var (input, axis, factor) in places)
        {
            var shape = Once($"shape of {input}", () => Add("sizes", "Shape", [input], []));
            var extent = Add("sizes", "Gather", [shape, Constant(axis)], [new("axis", 0L)], factor == 1 ? Unique($"sizes/{Symbols[symbol].Name}") : null);
            return factor == 1 ? extent : Add("sizes", "Div", [extent, Constant(factor)], [], Unique($"sizes/{Symbols[symbol].Name}"));
        }

        throw new ExportException($"{graph.Name}: no input has the extent {Symbols[symbol].Name}.");
    });

    private string Add(Initializer tensor)
    {
        initializers.Add(tensor.Name, tensor);
        return tensor.Name;
    }

    private static string ModuleOf(string parameter) => parameter.LastIndexOf('.') is > 0 and var dot ? parameter[..dot] : parameter;

    private static string Unique(HashSet<string> names, string name)
    {
        if (names.Add(name)) return name;
        for (var i = 1; ; i++)
        {
            var numbered = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
            if (names.Add(numbered)) return numbered;
        }
    }
}
