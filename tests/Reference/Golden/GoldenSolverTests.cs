// LocDiT's velocities and VoxCPM's solver runs, the latter through PatchSampler: straight path, sway grid, Euler, CFG-Zero* or plain guidance,
// noise times a factor. The recorded layout of a patch is [D, P], ours [P, D].

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Tests.Reference.Diffusion;
using static Ditar.Tests.Reference.Golden.GoldenFolder;

namespace Ditar.Tests.Reference.Golden;

[Trait("Category", "Golden")]
public class GoldenSolverTests
{
    public static TheoryData<string, int, double, bool, double, double, Arithmetic> Runs
    {
        get
        {
            var data = new TheoryData<string, int, double, bool, double, double, Arithmetic>();
            foreach (var arithmetic in Enum.GetValues<Arithmetic>())
            {
                foreach (var steps in new[] { 4, 10 })
                    foreach (var guidance in new[] { 1, 2 })
                        foreach (var zeroStar in new[] { true, false })
                            data.Add($"n{steps}.cfg{guidance}.zs{(zeroStar ? 1 : 0)}", steps, guidance, zeroStar, 1, 1, arithmetic);
                data.Add("x.n50", 50, 2, true, 1, 1, arithmetic);
                data.Add("x.temp", 4, 2, true, 0.7, 1, arithmetic);
                data.Add("x.sway0", 4, 2, true, 1, 0, arithmetic);
                data.Add("x.n7cfg1.7", 7, 1.7, true, 1, 1, arithmetic);
                data.Add("x.meanmode", 5, 2, true, 1, 1, arithmetic);
            }

            return data;
        }
    }

    [Theory]
    [InlineData("n4", 4, 1)]
    [InlineData("n5", 5, 1)]
    [InlineData("n7", 7, 1)]
    [InlineData("n10", 10, 1)]
    [InlineData("n50", 50, 1)]
    [InlineData("sway0n4", 4, 0)]
    public void SwayGrids(string name, int steps, double coefficient)
    {
        using var golden = new GoldenFile("golden");
        var grid = TimeGrid.Sway(steps, coefficient);
        double[] downwards = [.. Enumerable.Range(0, steps + 1).Select(n => grid[steps - n])];
        AssertNear($"cfm.t_span.{name}", golden.Read($"cfm.t_span.{name}", ElementType.Float64), Tensor.From(downwards, steps + 1), Tolerances.SwayGrid);
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void VelocityPieceByPiece(Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden("dit", arithmetic.Type());
        var field = new VoxCpmField(weights, type);
        var (x, history) = (Patches(Read("dit.x")), Patches(Read("dit.cond")));
        var (t, dt, mu) = (Read("dit.t"), Read("dit.dt"), Read("dit.mu"));
        Near("dit.time_embed", VoxCpmField.Sinusoids(t));
        Near("dit.dtime_embed", VoxCpmField.Sinusoids(dt));
        Near("dit.time_mlp", field.TimeEmbedding(t));
        Near("dit.dtime_mlp", field.StepEmbedding(dt));
        var tokens = field.Tokens(x, t, dt, mu, history);
        Near("dit.tokens", tokens);
        for (var i = 0; i < field.Stack.Layers.Count; i++)
        {
            tokens = field.Stack.Layers[i].Forward(tokens, field.Stack.Positions);
            Near($"dit.layer{i}.out", tokens);
        }

        AssertNear("dit.v", Patches(Read("dit.v")), field.Output(field.Stack.Norm.Forward(tokens), 2), tolerance);

        Tensor Read(string name) => golden.Read(name, type);

        void Near(string name, Tensor found) => AssertNear(name, Read(name), found, tolerance);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void SolverRuns(string run, int steps, double guidance, bool zeroStar, double temperature, double sway, Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden("cfm", arithmetic.Type());
        var sampler = PatchSampler.VoxCpm(steps, guidance, temperature, sway);
        if (!zeroStar) sampler = sampler with { Guidance = new PlainGuidance(guidance - 1) };
        var field = run == "x.meanmode"
            ? new VoxCpmField(weights, type) { StepAt = t => StepDown(sampler.Grid, t) }
            : new VoxCpmField(weights, type);
        var recorder = new Recorder(field);
        var request = new PatchRequest(golden.Read("cfm.mu", type), Patches(golden.Read("cfm.cond", type)), Latents: 2, Number: 0);
        var found = sampler.Sample(recorder, request, new GivenNoise(Patches(golden.Read("cfm.z", type))));

        AssertNear("out", Patches(golden.Read($"cfm.{run}.out", type)), found, tolerance);
        var x = Patches(golden.Read($"cfm.{run}.x_in", type));
        Assert.Equal(x[0], recorder.Calls.Count);
        for (var call = 0; call < x[0]; call++)
        {
            var (state, time, velocities) = recorder.Calls[call];
            AssertNear($"x at call {call}", x.Slice(0, call, 1), state, tolerance);
            AssertNear($"t at call {call}", golden.Read($"cfm.{run}.t", type).Slice(0, call, 1), Tensor.From(type, [time], 1), Tolerances.SwayGrid);
            AssertNear($"v(h) at call {call}", Velocity("v_cond"), velocities.Slice(0, 0, 1), tolerance);

            // At weight 0 we do not ask for the unconditional branch, VoxCPM does.
            Assert.Equal(guidance == 1 ? 1 : 2, velocities[0]);
            if (guidance != 1) AssertNear($"v(0) at call {call}", Velocity("v_uncond"), velocities.Slice(0, 1, 1), tolerance);

            Tensor Velocity(string name) => Patches(golden.Read($"cfm.{run}.{name}", type)).Slice(0, call, 1);
        }
    }

    // The distance to the next lower time of the grid; t may carry float32 rounding.
    private static double StepDown(TimeGrid grid, double t)
    {
        var n = grid.Nearest(t);
        return grid[n] - grid[n - 1];
    }

    private static Tensor Patches(Tensor x) => x.Transpose(1, 2);

    private sealed class Recorder(VoxCpmField field) : WholeField
    {
        public List<(Tensor State, double Time, Tensor Velocities)> Calls { get; } = [];

        public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
        {
            var v = field.Velocity(x, time, condition, history);
            Calls.Add((x.Slice(0, 0, 1), time.ToDoubles()[0], v));
            return v;
        }
    }
}
