// Other people's tensors as the truth: the language models of tiny VoxCPM checkpoints, layer by layer, through the lab's rows. The recorded values are float32 themselves, so a
// row holds their error and ours; golden.md lists theirs. Free of our own definition, this is what the oracle itself is measured by.

using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Tests.Reference.Golden;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Parity;

[Trait("Category", "Golden")]
public class GoldenRowsTests
{
    public static TheoryData<string, Arithmetic> Runs => VoxCpmGolden.Runs;

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Every_layer_of_the_language_models_keeps_the_bound_of_a_layer(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        var result = Compare(golden, arithmetic, config => config);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(golden.Config.Base.Layers + golden.Config.Residual.Layers, result.Rows.Count);
        Assert.All(result.Rows, row => Assert.Equal(RowKind.TransformerLayer, row.Kind));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_mistake_breaks_the_first_layer(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        var result = Compare(golden, Arithmetic.Float64, config => config with { NormEpsilon = 1e-3 });
        Assert.All(["golden/base", "golden/residual"], call => Assert.Contains(result.Breaks, found => found.Row.Name == $"{call}/layers.0"));
    }

    private static ParityResult Compare(VoxCpmGolden golden, Arithmetic arithmetic, Func<TransformerConfig, TransformerConfig> change)
    {
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var (truth, ours) = (new List<RecordedTensor>(), new List<RecordedTensor>());
        foreach (var (group, prefix) in new[] { ("lm", "base"), ("res", "residual") })
        {
            var stack = golden.Stack(prefix, type, change);
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
