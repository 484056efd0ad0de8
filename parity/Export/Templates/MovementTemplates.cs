// Moving numbers about. Where an extent follows the input, ONNX's own marks come first: 0 keeps an extent, -1 works one out, the largest integer means
// the end of an axis. Only what is left is computed from shapes.

using Ditar.Parity.OnnxFiles;
using Ditar.Reference;

namespace Ditar.Parity.Export;

internal static class MovementTemplates
{
    // Larger constants are made when the graph runs.
    private const int LargestFill = 64;

    public static void Fill(TemplateContext c)
    {
        var value = (float)c.Operation.Numbers[0];
        var shape = c.ResultShape;
        var count = shape.All(extent => extent.IsConstant) ? shape.Aggregate(1L, (product, extent) => product * extent.Constant) : long.MaxValue;
        if (shape.Count == 0)
        {
            c.Result("Identity", [c.Graph.Constant(value)]);
        }
        else if (count <= LargestFill)
        {
            int[] extents = [.. shape.Select(extent => (int)extent.Constant)];
            c.Result("Identity", [c.Graph.Constant($"{c.Module}.constant", Tensor.Full(ElementType.Float32, value, extents))]);
        }
        else
        {
            var zeros = c.Add("ConstantOfShape", [c.Graph.Extents(shape)]);                        // zeros of float32 are its default
            c.Result("Add", [zeros, c.Graph.Constant(value)]);
        }
    }

    public static void Reshape(TemplateContext c)
    {
        var (from, to) = (c.InputShape(0), c.ResultShape);
        var marks = new long?[to.Count];
        for (var i = 0; i < marks.Length; i++)
        {
            if (to[i].IsConstant && to[i].Constant != 0) marks[i] = to[i].Constant;
            else if (i < from.Count && from[i].Equals(to[i])) marks[i] = 0;
        }

        var rest = Array.FindAll(marks, mark => mark is null).Length;
        if (rest == 1) marks[Array.IndexOf(marks, null)] = -1;
        var shape = rest <= 1
            ? c.Graph.Constant([.. marks.Select(mark => mark!.Value)])
            : c.Graph.Extents(to);
        c.Result("Reshape", [c.Input(0), shape]);
    }

    public static void Slice(TemplateContext c)
    {
        var axis = c.Operation.Fixed(0);
        var (start, length) = (c.Operation.Integers[1], c.Operation.Integers[2]);
        var end = start.Plus(length);
        var toTheEnd = end.Equals(c.InputShape(0)[axis]);
        c.Result("Slice", [c.Input(0), c.Graph.Extent(start), toTheEnd ? c.Graph.Constant(long.MaxValue) : c.Graph.Extent(end), c.Graph.Constant(axis)]);
    }

    public static void Concat(TemplateContext c)
    {
        if (c.InputCount == 1) c.Result("Identity", [c.Input(0)]);
        else c.Result("Concat", [.. Enumerable.Range(0, c.InputCount).Select(c.Input)], new NodeAttribute("axis", (long)c.Operation.Fixed(0)));
    }

    public static void Pad(TemplateContext c)
    {
        var (axis, rank) = (c.Operation.Fixed(0), c.InputShape(0).Count);
        var none = c.Operation.Integers[1].Plus(c.Operation.Integers[1], -1);
        var amounts = Enumerable.Repeat(none, 2 * rank).ToArray();
        (amounts[axis], amounts[rank + axis]) = (c.Operation.Integers[1], c.Operation.Integers[2]);
        c.Result("Pad", [c.Input(0), c.Graph.Extents(amounts)]);
    }

    public static void Permute(TemplateContext c) => c.Result(
        "Transpose", [c.Input(0)], new NodeAttribute("perm", Enumerable.Range(0, c.Operation.Integers.Count).Select(i => (long)c.Operation.Fixed(i)).ToArray()));

    public static void Gather(TemplateContext c)
    {
        var indices = c.Operation.Indices is { } input
            ? c.NameOf(input)
            : c.Graph.Constant([.. Enumerable.Range(0, c.Operation.Integers.Count).Select(i => (long)c.Operation.Fixed(i))]);
        c.Result("Gather", [c.Input(0), indices], new NodeAttribute("axis", 0L));
    }
}
