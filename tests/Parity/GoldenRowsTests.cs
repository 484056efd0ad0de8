// Other people's tensors as the truth: the stacks of tiny VoxCPM, layer by layer, through the lab's rows. The recorded values are float32 themselves, so a
// row holds their error and ours; golden.md lists theirs. Free of our own definition, this is what the oracle itself is measured by.

using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Tests.Reference.Golden;

namespace Ditar.Tests.Parity;

[Trait("Category", "Golden")]
public class GoldenRowsTests
{
    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void Every_layer_of_the_language_models_keeps_the_bound_of_a_layer(Arithmetic arithmetic)
    {
        var result = Compare(arithmetic, config => config);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(3 + 2, result.Rows.Count);
        Assert.All(result.Rows, row => Assert.Equal(RowKind.TransformerLayer, row.Kind));
    }

    [Fact]
    public void A_mistake_breaks_the_first_layer()
    {
        var result = Compare(Arithmetic.Float64, config => config with { NormEpsilon = 1e-3 });
        Assert.All(["golden/base_lm", "golden/residual_lm"], call => Assert.Contains(result.Breaks, found => found.Row.Name == $"{call}/layers.0"));
    }

    private static ParityResult Compare(Arithmetic arithmetic, Func<TransformerConfig, TransformerConfig> change)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var (truth, ours) = (new List<RecordedTensor>(), new List<RecordedTensor>());
        foreach (var (group, prefix) in new[] { ("lm", "base_lm"), ("res", "residual_lm") })
        {
            var right = VoxCpmWeights.Stack(weights, prefix, type, causal: true);
            var stack = new Transformer(new VoxCpmWeights(weights, prefix, type).Root, change(right.Config), right.Positions);
            var x = golden.Read($"{group}.prefill.in", type);
            x = x.Reshape(1, x[0], x[1]);
            for (var i = 0; i < stack.Layers.Count; i++)
            {
                x = stack.Layers[i].Forward(x, stack.Positions);
                var recorded = golden.Read($"{group}.prefill.layer{i}.out", ElementType.Float64);
                truth.Add(RecordedTensor.Of($"golden/{prefix}/layers.{i}", recorded));
                ours.Add(RecordedTensor.Of($"golden/{prefix}/layers.{i}", x.Reshape(recorded.Shape)));
            }
        }

        var theirs = Fake.Truth() with { Inputs = [], Outputs = truth };
        var engine = new EngineIdentity($"ours, {arithmetic}", EngineKind.Ours, "", "", Layers: true);
        return Comparison.Of([theirs, theirs with { Engine = engine, Outputs = ours }]);
    }
}
