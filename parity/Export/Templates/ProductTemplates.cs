// Matrix products. A linear map's weight stays [outputs, inputs], as in the checkpoint, and is transposed by a node.

namespace Ditar.Parity.Export;

internal static class ProductTemplates
{
    public static void MatMul(TemplateContext c) => c.Result("MatMul", [Side(c, 0), Side(c, 1)]);

    /// <summary>x W^T + b.</summary>
    public static void Linear(TemplateContext c)
    {
        var weight = c.Permuted(1, 1, 0);
        if (c.InputCount == 2) c.Result("MatMul", [c.Input(0), weight]);
        else c.Result("Add", [c.Add("MatMul", [c.Input(0), weight]), c.Input(2)]);
    }

    private static string Side(TemplateContext c, int index)
    {
        if (c.Operation.Fixed(index) == 0) return c.Input(index);
        var order = Enumerable.Range(0, c.InputShape(index).Count).Select(axis => (long)axis).ToArray();
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return c.Transpose(c.Input(index), order);
    }
}
