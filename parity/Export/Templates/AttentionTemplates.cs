// Rotary positions and attention.

using Ditar.Parity.OnnxFiles;

namespace Ditar.Parity.Export;

internal static class AttentionTemplates
{
    // Far below every score and exactly nothing after exp; GPU languages need not honour infinities.
    private const float Unseen = -1e30f;

    /// <summary>(even cos - odd sin, even sin + odd cos) for the pairs of the last axis.</summary>
    public static void Rotate(TemplateContext c)
    {
        var half = c.InputShape(0)[3].Constant / 2;
        var pairs = c.Add("Reshape", [c.Input(0), c.Graph.Constant(0, 0, 0, half, 2)]);            // [batch, time, heads, headDim / 2, 2]
        var split = c.Graph.AddMany(c.Module, "Split", [pairs], [new("axis", -1L)], [c.Graph.Unique($"{c.Module}/even"), c.Graph.Unique($"{c.Module}/odd")]);
        var (even, odd) = (split[0], split[1]);
        var (cosine, sine) = (Angles(c, 1), Angles(c, 2));
        var first = c.Add("Sub", [c.Add("Mul", [even, cosine]), c.Add("Mul", [odd, sine])]);
        var second = c.Add("Add", [c.Add("Mul", [even, sine]), c.Add("Mul", [odd, cosine])]);
        var turned = c.Add("Concat", [first, second], new NodeAttribute("axis", -1L));
        c.Result("Reshape", [turned, c.Graph.Constant(0, 0, 0, 2 * half)]);
    }

    /// <summary>softmax(scale q k^T + mask) v, heads as a batch.</summary>
    public static void Attention(TemplateContext c)
    {
        var (queries, keys) = (c.InputShape(0), c.InputShape(1));
        var groups = queries[2].Constant / keys[2].Constant;
        var q = c.Transpose(c.Input(0), 0, 2, 1, 3);                                               // [batch, heads, queries, headDim]
        var k = Grouped(c, c.Transpose(c.Input(1), 0, 2, 3, 1), keys[2].Constant, groups);         // [batch, heads, headDim, keys]
        var v = Grouped(c, c.Transpose(c.Input(2), 0, 2, 1, 3), keys[2].Constant, groups);         // [batch, heads, keys, headDim]
        var scores = c.Add("Mul", [c.Add("MatMul", [q, k]), c.Graph.Constant((float)c.Operation.Numbers[0])]);
        if (c.Operation.Fixed(0) == 1 && !(queries[1].IsConstant && queries[1].Constant == 1)) scores = c.Add("Add", [scores, CausalMask(c, queries[1], keys[1])]);
        if (c.InputCount > 3) scores = c.Add("Add", [scores, c.Input(3)]);
        var weights = c.Add("Softmax", [scores], new NodeAttribute("axis", -1L));
        c.Result("Transpose", [c.Add("MatMul", [weights, v])], new NodeAttribute("perm", new long[] { 0, 2, 1, 3 }));
    }

    // [time, headDim / 2] -> [time, 1, headDim / 2, 1]
    private static string Angles(TemplateContext c, int input) => c.Graph.Once(
        $"{c.Input(input)} as angles", () => c.Add("Unsqueeze", [c.Input(input), c.Graph.Constant(1, 3)]));

    // Each key head serves a group of query heads: repeat it.
    private static string Grouped(TemplateContext c, string x, long keyHeads, long groups)
    {
        if (groups == 1) return x;
        var repeated = c.Add("Expand", [c.Add("Unsqueeze", [x, c.Graph.Constant(2L)]), c.Graph.Constant(1, 1, groups, 1, 1)]);
        var shape = c.Add("Shape", [x]);
        var last = c.Add("Slice", [shape, c.Graph.Constant(2L), c.Graph.Constant(4L)]);
        return c.Add("Reshape", [repeated, c.Add("Concat", [c.Graph.Constant(0, keyHeads * groups), last], new NodeAttribute("axis", 0L))]);
    }

    // Query i sees keys up to i + keys - queries: 0 there, far below elsewhere. [queries, keys], one for all layers.
    private static string CausalMask(TemplateContext c, Affine queries, Affine keys) =>
        c.Graph.Once($"causal {queries.ToText(c.Graph.Symbols)} {keys.ToText(c.Graph.Symbols)}", () =>
        {
            const string module = "causal_mask";
            string Add(string operatorType, params string[] inputs) => c.Graph.Add(module, operatorType, inputs, []);
            string Count(Affine extent) => Add("Range", c.Graph.IntegerScalar(0), Add("Squeeze", c.Graph.Extent(extent)), c.Graph.IntegerScalar(1));
            var last = Add("Add", Count(queries), c.Graph.Extent(keys.Plus(queries, -1)));        // [queries], the last key each sees
            var seen = Add("LessOrEqual", Count(keys), Add("Unsqueeze", last, c.Graph.Constant(1L)));
            return Add("Where", seen, c.Graph.Constant(0f), c.Graph.Constant(Unseen));
        });
}
