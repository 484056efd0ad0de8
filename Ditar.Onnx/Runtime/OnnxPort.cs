// An input or output of a graph as the file declares it.

namespace Ditar.Onnx;

/// <param name="Shape">Extents; -1 where the graph leaves one open.</param>
/// <param name="Symbols">For each extent its name, such as "batch"; empty where it has none.</param>
public sealed record OnnxPort(string Name, OnnxElementType Type, IReadOnlyList<long> Shape, IReadOnlyList<string> Symbols)
{
    /// <summary>"noisy Float32 [batch, 4, 32]".</summary>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape.Select((extent, axis) => extent >= 0 ? $"{extent}" : Symbols[axis].Length > 0 ? Symbols[axis] : "?"))}]";

    /// <summary>Whether a tensor of a shape may be fed here.</summary>
    public bool Takes(ReadOnlySpan<long> shape)
    {
        if (shape.Length != Shape.Count) return false;
        for (var axis = 0; axis < shape.Length; axis++)
            if (Shape[axis] >= 0 && Shape[axis] != shape[axis]) return false;
        return true;
    }
}
