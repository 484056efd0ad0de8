// The whole lab on a model of a few thousand weights: teacher-forced calls, free running, recorded and read back.

using Ditar.Parity;
using Ditar.Tests.Edge;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity;

public sealed class LabTests : IDisposable
{
    private static readonly PlanOptions Options = new(3, "open the door", 4, 2);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Our_kernels_keep_their_bounds_on_random_weights()
    {
        var model = ParityModel.Random("tiny random", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5);
        var (plan, truth) = Truth(model);
        Assert.All(plan.Calls, call => Assert.Equal("seeded", call.Scenario));
        var result = Comparison.Of([truth, Record(plan, model, KernelEngine.Reference(model)), Record(plan, model, KernelEngine.Simd(model))]);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        foreach (var module in Modules) Assert.Contains(result.Rows, row => row.Module == module && row.Kind == RowKind.Output);
        Assert.Contains(result.Rows, row => row.Name == "seeded/language_prefill/language_model.transformer.layers.1.attention");
        Assert.Equal(["latents.1", "waveform.1", "latents.4", "waveform.4"], result.Rows.Where(row => row.Kind == RowKind.FreeRunning).Select(row => row.Path));

        // Too good would mean that the truth was compared with itself.
        var layers = result.Rows.Where(row => row.Kind == RowKind.TransformerLayer).ToList();
        Assert.All(layers, row => Assert.All(row.Cells.Values, cell => Assert.InRange(cell.Difference.RelativeL2, Tolerances.U / 16, Bounds.TransformerLayer)));
    }

    [Fact]
    public void A_checkpoint_speaks_an_utterance_too_and_a_recording_gives_the_same_inputs_again()
    {
        var model = ParityModel.Open(TinyCheckpoint.Write(Path.Combine(folder.Path, "model")));
        var (plan, truth) = Truth(model);
        Assert.Equal(["seeded", "utterance"], plan.Calls.Select(call => call.Scenario).Distinct());
        var path = Path.Combine(folder.Path, "truth.safetensors");
        RecordingFile.Write(path, truth);
        var again = Plan.Of(RecordingFile.Read(path));
        Assert.Equal(plan.Calls.Select(call => call.Name), again.Calls.Select(call => call.Name));
        Assert.Equal(plan.Work, again.Work);
        Assert.True(Comparison.Of([truth, Record(again, model, KernelEngine.Simd(model))]).Holds);
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("sampler")]
    [InlineData("text")]
    public void A_free_run_that_cannot_be_repeated_is_refused_before_anything_is_computed(string input)
    {
        var (_, truth) = Truth(ParityModel.Random("a", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5));
        var at = truth.Inputs.Single(tensor => tensor.Name == $"seeded/free_running/{input}");
        Recording With(params RecordedTensor[] instead) => truth with { Inputs = [.. truth.Inputs.Where(tensor => tensor != at), .. instead] };
        _ = Plan.Of(With(at));
        foreach (var hostile in new[] { With(), With(at with { Shape = [1], Values = new[] { float.NaN } }), With(at with { Shape = [2], Values = new[] { long.MaxValue, 1 } }) })
            Assert.Contains($"seeded/free_running", Assert.ThrowsAny<ArgumentException>(() => Plan.Of(hostile)).Message, StringComparison.Ordinal);
        Assert.Contains("no inputs", Assert.Throws<ArgumentException>(() => Plan.Of(truth with { Inputs = [] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_checkpoint_is_seen()
    {
        var (model, other) = (ParityModel.Random("a", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5), ParityModel.Random("a", TinyCheckpoint.Model, TinyCheckpoint.Vae, 6));
        var (plan, truth) = Truth(model);
        var refused = Assert.Throws<RecordingException>(() => Comparison.Of([truth, Record(plan, other, KernelEngine.Simd(other))]));
        Assert.Contains("weights", refused.Message, StringComparison.Ordinal);
        // Even if it lied about its weights.
        Assert.False(Comparison.Of([truth, Record(plan, other, KernelEngine.Simd(other)) with { Model = model.Identity }]).Holds);
    }

    [Fact]
    public void Random_weights_have_no_special_values()
    {
        var networks = ParityModel.Random("a", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5).At(Ditar.Reference.ElementType.Float32);
        Assert.DoesNotContain(0f, networks.Model.Diffusion.Output.Weight.ToSingles());
        Assert.DoesNotContain(1f, networks.Model.Diffusion.Transformer.Norm.Gain.ToSingles());
    }

    [Fact]
    public void Cancelling_stops_between_calls()
    {
        var model = ParityModel.Random("a", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5);
        var (plan, _) = Truth(model);
        using var source = new CancellationTokenSource();
        var done = 0;
        using var engine = KernelEngine.Simd(model);
        Assert.Throws<OperationCanceledException>(() => plan.Record(engine, model.Identity, () =>
        {
            if (++done == 3) source.Cancel();
        }, source.Token));
        Assert.Equal(3, done);
    }

    private static readonly string[] Modules = ["text_embedding", "patch_encoder", "language_prefill", "language_step", "velocity", "stop", "vae_encoder", "vae_decoder"];

    private static (Plan Plan, Recording Truth) Truth(ParityModel model)
    {
        using var oracle = KernelEngine.Oracle(model);
        var plan = model.Plan(oracle, Options, () => { }, CancellationToken.None);
        return (plan, plan.Record(oracle, model.Identity, () => { }, CancellationToken.None));
    }

    private static Recording Record(Plan plan, ParityModel model, IParityEngine engine)
    {
        using (engine) return plan.Record(engine, model.Identity, () => { }, CancellationToken.None);
    }
}
