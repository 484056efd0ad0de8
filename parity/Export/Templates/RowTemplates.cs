// Sums and norms along one axis.

using Ditar.Parity.OnnxFiles;

namespace Ditar.Parity.Export;

internal static class RowTemplates
{
    public static void Sum(TemplateContext c) =>
        c.Result("ReduceSum", [c.Input(0), c.Graph.Constant(c.Operation.Fixed(0))], new NodeAttribute("keepdims", (long)c.Operation.Fixed(1)));

    public static void Mean(TemplateContext c) =>
        c.Result("ReduceMean", [c.Input(0)], new("axes", new long[] { c.Operation.Fixed(0) }), new NodeAttribute("keepdims", (long)c.Operation.Fixed(1)));

    /// <summary>x gain / sqrt(mean(x^2) + epsilon).</summary>
    public static void RmsNorm(TemplateContext c)
    {
        var (x, gain) = (c.Input(0), c.Input(1));
        var square = c.Add("Mul", [x, x]);
        var mean = c.Add("ReduceMean", [square], new("axes", new long[] { -1 }), new("keepdims", 1L));
        var root = c.Add("Sqrt", [c.Add("Add", [mean, c.Graph.Constant((float)c.Operation.Numbers[0])])]);
        c.Result("Mul", [c.Add("Div", [x, root]), gain]);
    }

    public static void LayerNorm(TemplateContext c) =>
        c.Result("LayerNormalization", [c.Input(0), c.Input(1), c.Input(2)], new("axis", -1L), new("epsilon", (float)c.Operation.Numbers[0]));
}
