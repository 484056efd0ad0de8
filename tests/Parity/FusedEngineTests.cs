// The fused engine as a column of the lab, on a model of a few thousand float32 weights.

using Ditar.Parity;
using Ditar.Simd;
using Ditar.Tests.Edge;

namespace Ditar.Tests.Parity;

public class FusedEngineTests
{
    private static readonly DitarParityModel Model = ParityModel.Random("tiny random", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5);

    [Fact]
    public void Every_format_has_a_row_for_every_module_and_keeps_its_bound()
    {
        var (plan, truth) = Truth();
        var result = Comparison.Of([truth, Record(plan, KernelEngine.Reference(Model)), .. EngineFormats.Names.Select(format => Record(plan, new FusedEngine(Model, format)))]);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        foreach (var format in EngineFormats.Names)
        {
            var rows = result.Rows.Where(row => row.Cells.ContainsKey($"engine {format}")).ToList();
            Assert.Equal(
                ["text_embedding", "patch_encoder", "language_prefill", "velocity", "language_step", "stop", "vae_encoder", "vae_decoder", "free_running"],
                rows.Select(row => row.Module).Distinct());
            foreach (var row in rows.Where(row => row.Module is "patch_encoder" or "language_prefill" or "language_step" or "velocity"))
                Assert.InRange(row.Cells[$"engine {format}"].Difference.RelativeL2, format == "float32" ? 1e-9 : 1e-4, format == "float32" ? Bounds.Module : 1);
        }
    }

    [Fact]
    public void The_engine_of_other_weights_is_found_out()
    {
        var (plan, truth) = Truth();
        var other = ParityModel.Random("tiny random", TinyCheckpoint.Model, TinyCheckpoint.Vae, 6);
        foreach (var format in EngineFormats.Names)
        {
            using var engine = new FusedEngine(other, format);
            var lies = plan.Record(engine, other.Identity, () => { }, CancellationToken.None) with { Model = Model.Identity };
            var result = Comparison.Of([truth, lies]);
            // What a step adds to so small a stream may hide behind what 4 bits are allowed.
            string[] modules = [.. format == "int4" ? [] : new[] { "language_step" }, "patch_encoder", "language_prefill", "velocity", "vae_encoder", "vae_decoder"];
            foreach (var module in modules)
                Assert.Contains(result.Breaks, found => found.Row.Module == module);
        }
    }

    [Fact]
    public void A_step_without_the_prefill_before_it_is_refused()
    {
        var (plan, _) = Truth();
        using var engine = new FusedEngine(Model, "float32");
        var step = plan.Calls.First(call => call.Module == "language_step");
        Assert.Contains("past.0.keys", Assert.Throws<RecordingException>(() => engine.Run(step)).Message, StringComparison.Ordinal);
    }

    private static (Plan Plan, Recording Truth) Truth()
    {
        using var oracle = KernelEngine.Oracle(Model);
        var plan = Model.Plan(oracle, new PlanOptions(3, "open the door", 4, 2), () => { }, CancellationToken.None);
        return (plan, plan.Record(oracle, Model.Identity, () => { }, CancellationToken.None));
    }

    private static Recording Record(Plan plan, IParityEngine engine)
    {
        using (engine) return plan.Record(engine, Model.Identity, () => { }, CancellationToken.None);
    }
}
