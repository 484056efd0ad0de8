// The part of ONNX's object model (onnx.proto, IR version 8) that our graphs use.

namespace Ditar.Parity.OnnxFiles;

/// <param name="Value">A long, a float, a string, or long[].</param>
internal sealed record NodeAttribute(string Name, object Value);

/// <param name="Inputs">Value names; an empty one is an optional input that is left out.</param>
internal sealed record GraphNode(string Name, string Operator, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<NodeAttribute> Attributes);

/// <param name="Shape">A number as its digits; everything else is a symbol or an expression.</param>
internal sealed record ValueInfo(string Name, TensorType Type, IReadOnlyList<string> Shape);

internal sealed record OnnxModel(
    string Name, string Description, IReadOnlyList<ValueInfo> Inputs, IReadOnlyList<ValueInfo> Outputs, IReadOnlyList<GraphNode> Nodes, IReadOnlyList<Initializer> Initializers)
{
    public const int Opset = 17;
    public const int IrVersion = 8;
}
