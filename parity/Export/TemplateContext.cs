// What a template sees: the operation it writes, and short ways to add nodes under its module's path.

using Ditar.Parity.OnnxFiles;

namespace Ditar.Parity.Export;

internal sealed class TemplateContext(GraphTranslation translation, SymbolicOperation operation, string module)
{
    public SymbolicOperation Operation { get; } = operation;

    public GraphBuilder Graph { get; } = translation.Builder;

    public string Module { get; } = module;

    public int InputCount => Operation.Inputs.Count;

    public string Input(int index) => translation.NameOf(Operation.Inputs[index]);

    public string NameOf(SymbolicValue value) => translation.NameOf(value);

    public IReadOnlyList<Affine> InputShape(int index) => Operation.Inputs[index].Shape;

    public IReadOnlyList<Affine> ResultShape => Operation.Result.Shape;

    /// <summary>A node on the way.</summary>
    public string Add(string operatorType, IReadOnlyList<string> inputs, params NodeAttribute[] attributes) => Graph.Add(Module, operatorType, inputs, attributes);

    /// <summary>The node whose output is the operation's result.</summary>
    public void Result(string operatorType, IReadOnlyList<string> inputs, params NodeAttribute[] attributes) =>
        Graph.Add(Module, operatorType, inputs, attributes, translation.NameOf(Operation.Result));

    /// <summary>A weight in another order of axes. It is a node, not another copy of the weight: runtimes fold it when they load the graph.</summary>
    public string Permuted(int input, params long[] order) => Graph.Once(
        $"{Input(input)} as {string.Join(",", order)}",
        () => Graph.Add(Module, "Transpose", [Input(input)], [new("perm", order)], Graph.Unique($"{Input(input)}/transposed")));

    /// <summary>x in another order of axes.</summary>
    public string Transpose(string x, params long[] order) => Add("Transpose", [x], new NodeAttribute("perm", order));
}
