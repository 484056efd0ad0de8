// Recordings side by side: bounds, the first layer that diverges, and what does not belong together.

using Ditar.Parity;

namespace Ditar.Tests.Parity;

public class ComparisonTests
{
    [Fact]
    public void Rounded_truth_holds()
    {
        var result = Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.Ours), Fake.Run(EngineKind.GraphCpu), Fake.Run(EngineKind.GraphGpu)]);
        Assert.True(result.Holds);
        Assert.Equal(3, result.Rows.Count);
        Assert.Equal(3, result.GraphRows);
        Assert.Equal([RowKind.TransformerLayer, RowKind.TransformerLayer, RowKind.Output], result.Rows.Select(row => row.Kind));
        Assert.Equal(1, result.Rows[1].Depth);
        Assert.Equal("velocity", result.Rows[0].Module);
    }

    [Fact]
    public void The_first_layer_that_diverges_is_named_and_what_follows_counted()
    {
        var result = Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.Ours, (name, i, value) => name == Fake.First ? value : value * (1 + 1e-4f))]);
        var found = Assert.Single(result.Breaks);
        Assert.Equal(Fake.Second, found.Row.Name);
        Assert.Equal(1, found.FollowedBy);
        Assert.False(result.Holds);
        Assert.Contains("1.00e-004", Verdict.Of(found), StringComparison.Ordinal);
    }

    [Fact]
    public void A_NaN_in_one_layer_breaks_that_layer()
    {
        var result = Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.GraphGpu, (name, i, value) => name == Fake.Second && i == 5 ? float.NaN : value)]);
        var found = Assert.Single(result.Breaks);
        Assert.Equal(Fake.Second, found.Row.Name);
        Assert.Contains("NaN at [0, 5]", found.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_has_a_tighter_bound_than_a_module_and_a_gpu_a_wider_one()
    {
        Func<string, int, float, float> slightly = (_, _, value) => value * (1 + 5e-6f);
        var ours = Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.Ours, slightly)]);
        Assert.Equal(Fake.First, Assert.Single(ours.Breaks).Row.Name);
        Assert.Equal(1, ours.Breaks[0].FollowedBy);
        Assert.True(Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.GraphGpu, slightly)]).Holds);
    }

    [Fact]
    public void Ours_may_be_twice_as_far_as_onnx_runtime_and_no_more()
    {
        var graph = Fake.Run(EngineKind.GraphCpu, (_, _, value) => value * (1 + 6e-7f));
        Assert.True(Comparison.Of([Fake.Truth(), graph, Fake.Run(EngineKind.Ours, (_, _, value) => value * (1 + 1.1e-6f))]).Holds);
        var broken = Comparison.Of([Fake.Truth(), graph, Fake.Run(EngineKind.Ours, (_, _, value) => value * (1 + 1.5e-6f))]);
        Assert.Equal(Fake.First, Assert.Single(broken.Breaks).Row.Name);
    }

    [Fact]
    public void Two_rounding_errors_are_not_compared_as_a_ratio() =>
        Assert.True(Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.GraphCpu), Fake.Run(EngineKind.Ours, (_, _, value) => value * (1 + 3e-7f))]).Holds);

    [Fact]
    public void Drift_is_held_to_hearing_or_to_what_float32_itself_drifts()
    {
        Assert.Equal(Bounds.PlainFreeRunning, Bounds.OfFreeRunning(EngineKind.Ours, plain: true, 5e-3));
        Assert.Equal(Bounds.FreeRunning, Bounds.OfFreeRunning(EngineKind.Ours, plain: false, null));
        Assert.Equal(Bounds.FreeRunning, Bounds.OfFreeRunning(EngineKind.GraphCpu, plain: false, 1e-6));
        Assert.Equal(5e-3, Bounds.OfFreeRunning(EngineKind.GraphCpu, plain: false, 5e-4));
        Assert.Equal(1e-2, Bounds.OfFreeRunning(EngineKind.Ours, plain: false, 1), Tolerances.HandfulOfFloat64Operations);
        Assert.Equal(0.1, Bounds.OfFreeRunning(EngineKind.GraphGpu, plain: false, 1e-4), Tolerances.HandfulOfFloat64Operations);
    }

    [Theory]
    [InlineData("weights")]
    [InlineData("sizes")]
    [InlineData("seed")]
    [InlineData("input seeded/velocity.t0.5/noisy")]
    [InlineData("missing " + Fake.Second)]
    [InlineData("extra tensor")]
    [InlineData("shape of " + Fake.Second)]
    public void What_does_not_belong_together_is_refused_by_name(string what)
    {
        var other = Fake.Run(EngineKind.GraphGpu);
        other = what.Split(' ')[0] switch
        {
            "weights" => other with { Model = other.Model with { Hash = "abd" } },
            "sizes" => other with { Model = other.Model with { Sizes = "{ }" } },
            "seed" => other with { Seed = 8 },
            "input" => other with { Inputs = [Fake.Float32(Fake.Float64(other.Inputs[0].Name, scale: 1.0000002))] },
            "missing" => other with { Outputs = [other.Outputs[0], other.Outputs[2]] },
            "extra" => other with { Outputs = [.. other.Outputs, Fake.Float32(Fake.Float64("seeded/velocity.t0.5/extra tensor"))] },
            _ => other with { Outputs = [other.Outputs[0], other.Outputs[1] with { Shape = [4, 16] }, other.Outputs[2]] },
        };
        var refused = Assert.Throws<RecordingException>(() => Comparison.Of([Fake.Truth(), other]));
        Assert.Contains(what.Split(' ')[^1], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_weights_are_refused_with_the_first_tensor_that_they_change()
    {
        var other = Fake.Run(EngineKind.GraphGpu, (name, _, value) => name == Fake.First ? value : value * 1.01f);
        other = other with { Model = other.Model with { Hash = "abd", Name = "impostor" } };
        var message = Assert.Throws<RecordingException>(() => Comparison.Of([Fake.Truth(), other])).Message;
        Assert.Contains($"impostor); the first tensor that differs is {Fake.Second}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_run_of_an_engine_gets_a_number_and_the_others_keep_the_names_that_bounds_look_for()
    {
        var result = Comparison.Of(
            [Fake.Truth(), Fake.Run(EngineKind.Ours, name: Comparison.PlainFloat32), Fake.Run(EngineKind.GraphCpu), Fake.Run(EngineKind.GraphCpu), Fake.Run(EngineKind.GraphCpu)]);
        Assert.Equal([Comparison.PlainFloat32, "onnx GraphCpu", "onnx GraphCpu (2)", "onnx GraphCpu (3)"], result.Columns.Select(column => column.Name));
        Assert.All(result.Rows, row => Assert.NotNull(row.Cells["onnx GraphCpu (3)"].Float32Units));
    }

    [Fact]
    public void An_engine_that_shows_only_outputs_is_compared_on_those()
    {
        var outside = Fake.Run(EngineKind.GraphGpu).OutputsOnly();
        Assert.Equal(Fake.Output, Assert.Single(outside.Outputs).Name);
        var result = Comparison.Of([Fake.Truth(), outside]);
        Assert.True(result.Holds);
        Assert.Equal(1, result.GraphRows);
        Assert.Throws<RecordingException>(() => Comparison.Of([Fake.Truth(), outside with { Outputs = [] }]));
    }

    [Fact]
    public void A_comparison_of_nothing_does_not_hold()
    {
        Recording Empty(Recording recording) => recording with { Outputs = [] };
        Assert.False(Comparison.Of([Empty(Fake.Truth()), Empty(Fake.Run(EngineKind.Ours))]).Holds);
    }

    [Fact]
    public void The_page_has_every_row_and_no_name_can_smuggle_markup_in()
    {
        var truth = Fake.Truth();
        var evil = truth with { Model = truth.Model with { Name = "<script>alert(1)</script>" } };
        var page = new HtmlReport(Comparison.Of([evil, Fake.Run(EngineKind.Ours), Fake.Run(EngineKind.GraphCpu)]), ["run <it>"]).ToHtml();
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.All(truth.Outputs, tensor => Assert.Contains($"<code>{tensor.Name}</code>", page, StringComparison.Ordinal));
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.Contains("Parity holds", page, StringComparison.Ordinal);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_says_what_is_broken_and_where()
    {
        var broken = Comparison.Of([Fake.Truth(), Fake.Run(EngineKind.Ours, (name, i, value) => name == Fake.Second && i == 5 ? float.NaN : value)]);
        var page = new HtmlReport(broken, []).ToHtml();
        Assert.Contains($"first diverges at {Fake.Second}: it is NaN at [0, 5]", page, StringComparison.Ordinal);
        Assert.Contains("Parity broken in 1 places", page, StringComparison.Ordinal);
        Assert.Contains(">fault</td>", page, StringComparison.Ordinal);
    }
}
