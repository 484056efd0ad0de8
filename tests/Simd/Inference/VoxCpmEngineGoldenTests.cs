// The fused engine on the recorded VoxCPM checkpoints, wherever it has a counterpart of what was recorded: what modules hand out, not what is inside them.
// Whole inferences are in VoxCpmSpeechGoldenTests.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.VoxCpm;
using static Ditar.Tests.Tolerances;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Golden")]
[Trait("Category", "Kernel")]
public sealed class VoxCpmEngineGoldenTests
{
    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Language_models_over_prompt_and_steps(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = Pack(golden);
        using var session = model.Start();
        golden.Near("lm.prefill.in", session.Language.Embed(golden.Integers("lm.ids")), VoxCpmHidden);
        var pair = (PackedLanguagePair)model.LanguageModel;
        Stack(golden, "lm", pair.Base);
        Stack(golden, "res", pair.Residual);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Patch_encoder(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = Pack(golden);
        using var session = model.Start();
        var patches = golden.Read("enc.in", ElementType.Float32).Reshape(-1, golden.Config.PatchSize, golden.Config.LatentDim);
        golden.Near("enc.to_lm", session.Encoder.Encode(patches), VoxCpmHidden);
    }

    /// <summary>The recording's last frame is filled with zeros, as the official code does.</summary>
    [Theory]
    [MemberData(nameof(Folders))]
    public void Audio_encoder(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var checkpoint = VoxCpmCheckpoint.Open(golden.Folder);
        using var pool = new WorkerPool(3);
        using var alone = new FusedEncoder(checkpoint.ReadVae(later: true));
        using var shared = new FusedEncoder(checkpoint.ReadVae(), pool);
        var recording = golden.Read("vae.enc.wav", ElementType.Float32).ToSingles();
        var hop = golden.Config.Vae.EncoderHop;
        var padded = new float[(recording.Length + hop - 1) / hop * hop];
        recording.CopyTo(padded, 0);
        var latents = alone.Encode(padded);
        golden.Near("vae.enc.mu", latents.Reshape(-1, golden.Config.LatentDim).Transpose(0, 1), VoxCpmHidden);
        Assert.Equal(latents.ToSingles(), shared.Encode(padded).ToSingles());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Stop_head_and_conditions(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = Pack(golden);
        using var session = model.Start();
        var language = (LanguagePairSession)session.Language;
        var inputs = golden.Read("stop.in", ElementType.Float32);
        var logits = new List<float>();
        var flags = new List<int>();
        for (var row = 0; row < inputs[0]; row++)
        {
            var hidden = Tensor.Concat(1, inputs.Slice(0, row, 1), inputs.Slice(0, row, 1));
            var (goOn, stop) = language.StopLogits(hidden);
            logits.AddRange([goOn, stop]);
            flags.Add(language.StopProbability(hidden) > 0.5 ? 1 : 0);
        }

        golden.Near("stop.logits", Tensor.From([.. logits], inputs[0], 2), VoxCpmHidden);
        Assert.Equal(golden.Integers("stop.flag"), flags);

        var condition = language.Condition(Tensor.Concat(1, Read("proj.lm_hidden"), Read("proj.res_hidden")));
        var (fromBase, fromResidual) = (Read("proj.lm_to_dit"), Read("proj.res_to_dit"));
        golden.Near("proj.conditions", golden.Config.Version == VoxCpmVersion.Two ? Tensor.Concat(1, fromBase, fromResidual) : fromBase + fromResidual, condition, VoxCpmHidden);

        Tensor Read(string name) => golden.Read(name, ElementType.Float32);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Velocities(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = KernelSet.Use(new SimdKernels());
        var (x, history, truth, mu) = (Patches(Read("dit.x")), Patches(Read("dit.cond")), Patches(Read("dit.v")), Read("dit.mu"));
        var (times, steps) = (Read("dit.t").ToDoubles(), Read("dit.dt").ToDoubles());
        var compared = 0;
        foreach (var mean in new[] { false, true })
        {
            using var model = Pack(golden, golden.Config with { MeanMode = mean });
            using var session = model.Start();
            for (var row = 0; row < times.Length; row++)
            {
                // A solver's step ends at zero at the latest; one of the recorded rows goes further.
                var (time, step) = (times[row], steps[row]);
                if (step > 0 != mean || step > time) continue;
                var grid = step > 0 ? new TimeGrid(0, time - step, time, 1) : TimeGrid.Uniform(1);
                var field = session.FieldOn(grid).Begin(mu.Slice(0, row, 1), history.Slice(0, row, 1));
                golden.Near($"dit.v, row {row}", truth.Slice(0, row, 1), field.Velocity(x.Slice(0, row, 1), time), VoxCpmPatch);
                compared++;
            }
        }

        Assert.Equal(times.Length - 1, compared);

        Tensor Read(string name) => golden.Read(name, ElementType.Float32);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Solver_runs(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = KernelSet.Use(new SimdKernels());
        var runs = golden.Json.GetProperty("cfm").EnumerateArray().ToList();
        Assert.NotEmpty(runs);
        foreach (var mean in new[] { false, true })
        {
            using var model = Pack(golden, golden.Config with { MeanMode = mean });
            using var session = model.Start();
            foreach (var run in runs.Where(run => run.GetProperty("mean_mode").GetBoolean() == mean))
            {
                var (name, guidance) = ($"cfm.{run.GetProperty("name").GetString()}", run.GetProperty("cfg_value").GetDouble());
                var sampler = PatchSampler.VoxCpm(
                    run.GetProperty("n_timesteps").GetInt32(), guidance, run.GetProperty("temperature").GetDouble(), run.GetProperty("sway_sampling_coef").GetDouble());
                if (!run.GetProperty("use_cfg_zero_star").GetBoolean()) sampler = sampler with { Guidance = new PlainGuidance(guidance - 1) };
                var request = new PatchRequest(golden.Read("cfm.mu", ElementType.Float32), Patches(golden.Read("cfm.cond", ElementType.Float32)), golden.Config.PatchSize, Number: 0);
                var found = sampler.Sample(session.FieldOn(sampler.Grid), request, new GivenNoise(Patches(golden.Read("cfm.z", ElementType.Float32))));
                golden.Near($"{name}.out", Patches(golden.Read($"{name}.out", ElementType.Float32)), found, VoxCpmPatch);
            }
        }
    }

    private static InferenceModel Pack(VoxCpmGolden golden, VoxCpmConfig? config = null) =>
        new(golden.Model(ElementType.Float32, config), EngineFormats.All(WeightFormat.Float32));

    private static Tensor Patches(Tensor x) => x.Transpose(1, 2);

    private static unsafe void Stack(VoxCpmGolden golden, string group, PackedTransformer stack)
    {
        using var session = new CausalSession(stack, null);
        using var cache = session.Start();
        Run("prefill", "norm");
        var step = 0;
        for (; golden.Contains($"{group}.step{step}.in"); step++) Run($"step{step}", "out");
        Assert.True(step > 0, group);

        void Run(string name, string last)
        {
            var rows = golden.Read($"{group}.{name}.in", ElementType.Float32).ToSingles();
            var time = rows.Length / stack.Config.Width;
            fixed (float* x = rows) session.Run(x, time, cache);
            golden.Near($"{group}.{name}.{last}", Tensor.From(rows, time, stack.Config.Width), VoxCpmHidden);
        }
    }
}
