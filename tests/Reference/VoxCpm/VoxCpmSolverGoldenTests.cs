// LocDiT and the solver of every recorded VoxCPM checkpoint, through the model's own field and the one sampler. Recorded patches are [D, P], ours [P, D].

using System.Globalization;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Golden;
using static Ditar.Tests.Tolerances;

namespace Ditar.Tests.Reference.VoxCpm;

[Trait("Category", "Golden")]
public class VoxCpmSolverGoldenTests
{
    public static TheoryData<string, Arithmetic> Runs => VoxCpmGolden.Runs;

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Runs))]
    public void VelocityLayerByLayer(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var field = golden.Model(type).Diffusion;
        var (x, history) = (Patches(Read("dit.x")), Patches(Read("dit.cond")));
        var (t, dt, mu) = (Read("dit.t"), Read("dit.dt"), Read("dit.mu"));
        var outputs = new ModuleOutputs();
        using (Observation.Of(outputs)) golden.Near("dit.v", Patches(golden.Read("dit.v", ElementType.Float64)), field.Velocity(x, t, dt, mu, history), VoxCpmPatch);
        foreach (var (name, embedding, at) in new[] { ("dit.time_embed", field.Time, t), ("dit.dtime_embed", field.Step, dt) })
        {
            var frequencies = Tensor.From(type, embedding.Frequencies.ToArray(), 1, embedding.Frequencies.Length);
            var angles = at.Reshape(-1, 1) * frequencies;
            golden.Near(name, Tensor.Concat(1, angles.Sin(), angles.Cos()), VoxCpmPatch);
        }

        golden.Near("dit.time_mlp", outputs["diffusion.time"], VoxCpmPatch);
        golden.Near("dit.dtime_mlp", outputs["diffusion.step"], VoxCpmPatch);
        golden.Near("dit.tokens", field.Tokens(x, outputs["diffusion.time"] + outputs["diffusion.step"], mu, outputs["diffusion.history"]), VoxCpmPatch);
        for (var i = 0; i < field.Transformer.Layers.Count; i++) golden.Near($"dit.layer{i}.out", outputs[$"diffusion.transformer.layers.{i}"], VoxCpmPatch);

        Tensor Read(string name) => golden.Read(name, type);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void SwayGrids(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        const string grids = "cfm.t_span.";
        var recorded = golden.Names.Where(name => name.StartsWith(grids, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(recorded);
        foreach (var name in recorded)
        {
            // n10, or sway0n4 with another coefficient than 1.
            var (sway, steps) = (name[grids.Length..].Split('n')[0], int.Parse(name[grids.Length..].Split('n')[1], CultureInfo.InvariantCulture));
            var grid = TimeGrid.Sway(steps, sway.Length == 0 ? 1 : double.Parse(sway["sway".Length..], CultureInfo.InvariantCulture));
            double[] downwards = [.. Enumerable.Range(0, steps + 1).Select(n => grid[steps - n])];
            Nearness.AssertNear(name, golden.Read(name, ElementType.Float64), Tensor.From(downwards, steps + 1), SwayGrid);
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void SolverRuns(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var runs = golden.Json.GetProperty("cfm").EnumerateArray().ToList();
        Assert.NotEmpty(runs);
        foreach (var run in runs)
        {
            var (name, guidance) = ($"cfm.{run.GetProperty("name").GetString()}", run.GetProperty("cfg_value").GetDouble());
            var sampler = PatchSampler.VoxCpm(
                run.GetProperty("n_timesteps").GetInt32(), guidance, run.GetProperty("temperature").GetDouble(), run.GetProperty("sway_sampling_coef").GetDouble());
            if (!run.GetProperty("use_cfg_zero_star").GetBoolean()) sampler = sampler with { Guidance = new PlainGuidance(guidance - 1) };
            var model = golden.Model(type, golden.Config with { MeanMode = run.GetProperty("mean_mode").GetBoolean() });
            var recorder = new Recorder(model.Diffusion.On(sampler.Grid));
            var request = new PatchRequest(golden.Read("cfm.mu", type), Patches(golden.Read("cfm.cond", type)), golden.Config.PatchSize, Number: 0);
            var found = sampler.Sample(recorder, request, new GivenNoise(Patches(golden.Read("cfm.z", type))));
            golden.Near($"{name}.out", Patches(golden.Read($"{name}.out", type)), found, VoxCpmPatch);

            var x = Patches(golden.Read($"{name}.x_in", type));
            Assert.Equal(x[0], recorder.Calls.Count);
            for (var call = 0; call < x[0]; call++)
            {
                var (state, time, velocities) = recorder.Calls[call];
                golden.Near($"{name}: x at call {call}", x.Slice(0, call, 1), state, VoxCpmPatch);
                Nearness.AssertNear($"{name}: t at call {call}", golden.Read($"{name}.t", type).Slice(0, call, 1), Tensor.From(type, [time], 1), SwayGrid);
                Near("v_cond", 0);

                // At weight 0 we do not ask for the unconditional branch, VoxCPM does.
                Assert.Equal(guidance == 1 ? 1 : 2, velocities[0]);
                if (guidance != 1) Near("v_uncond", 1);

                void Near(string branch, int row) => golden.Near(
                    $"{name}: {branch} at call {call}", Patches(golden.Read($"{name}.{branch}", type)).Slice(0, call, 1), velocities.Slice(0, row, 1), VoxCpmPatch);
            }
        }
    }

    private static Tensor Patches(Tensor x) => x.Transpose(1, 2);

    private sealed class Recorder(VoxCpmDiffusion field) : IVelocityField
    {
        public List<(Tensor State, double Time, Tensor Velocities)> Calls { get; } = [];

        public IPatchField Begin(Tensor condition, Tensor history) => new Patch(field.Begin(condition, history), Calls);

        private sealed class Patch(IPatchField inner, List<(Tensor State, double Time, Tensor Velocities)> calls) : IPatchField
        {
            public Tensor Velocity(Tensor x, double time)
            {
                var v = inner.Velocity(x, time);
                calls.Add((x.Slice(0, 0, 1), time, v));
                return v;
            }
        }
    }
}
