// VoxCPM in the engine against its definition, for random sizes of both versions; and that neither threads nor neighbours change a bit. The patch encoder and
// the transformers are DiTAR's and are tested there; here it is about what VoxCPM puts around them.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Kernel")]
public sealed class VoxCpmInferenceTests
{
    private const int AudioStart = 101;

    [Fact]
    public void The_patch_encoder_equals_its_definition() => EngineCase.Check(
        from config in VoxCpmCase.Models
        from count in Gen.Choose(1, 30)
        select (config, count),
        drawn =>
        {
            var (config, count) = drawn;
            var patches = EngineCase.Random(1, count, config.PatchSize, config.LatentDim);
            using var model = Pack(config);
            using var session = model.Start();
            EngineCase.AssertNear(type => VoxCpmCase.Definition(config, type).Encoder.Encode(patches.To(type)), session.Encoder.Encode(patches), $"{drawn}");
        });

    [Fact]
    public void Both_language_models_equal_their_definition_over_symbols_and_patches()
    {
        var compared = 0;
        EngineCase.Check(
            from config in VoxCpmCase.Models
            from kinds in Gen.Elements(false, false, true).NonEmptyListOf()
            from repeats in Gen.Elements(1, 5, 20)
            select (config, kinds: kinds.Take(6).SelectMany(kind => Enumerable.Repeat(kind, repeats)).ToArray()),
            drawn =>
            {
                var (config, kinds) = drawn;
                var (width, time) = (config.Base.Width, kinds.Length + 3);
                var inputs = EngineCase.Random(2, time, width);
                var exact = VoxCpmCase.Definition(config, ElementType.Float64).LanguageModel;
                var heard = exact.Base.Forward(inputs.To(ElementType.Float64).Reshape(1, time, width), exact.Base.StartCaches());

                // A number this near a tie between two levels may fall on either side.
                if (exact.Quantiser.Margin(heard) < 2e-5) return;
                compared++;
                using var model = Pack(config);
                using var session = model.Start();
                using var state = session.Language.Start();
                using var other = session.Language.Start();
                var rows = new List<Tensor> { session.Language.Forward(inputs.Slice(0, 0, kinds.Length), kinds, state).Copy() };
                for (var at = kinds.Length; at < time; at++)
                {
                    // Two sequences in turn: neither may see the other's memory.
                    _ = session.Language.Forward(EngineCase.Random(3, 2, width), [false, true], other);
                    rows.Add(session.Language.Forward(inputs.Slice(0, at, 1), state).Copy());
                    Assert.Equal(at + 1, state.Length);
                }

                bool[] all = [.. kinds, true, true, true];
                EngineCase.AssertNear(
                    type =>
                    {
                        var language = VoxCpmCase.Definition(config, type).LanguageModel;
                        return language.Forward(inputs.To(type), all, language.Start());
                    },
                    Tensor.Concat(0, [.. rows]), $"{drawn}");
                var hidden = rows[^1];
                EngineCase.AssertNear(type => VoxCpmCase.Definition(config, type).LanguageModel.Condition(hidden.To(type)), session.Language.Condition(hidden), $"condition of {drawn}");
                EngineCase.AssertNear(
                    type => Tensor.From(type, [VoxCpmCase.Definition(config, type).LanguageModel.StopProbability(hidden.To(type))], 1),
                    Tensor.From([(float)session.Language.StopProbability(hidden)], 1), $"stop of {drawn}");
                EngineCase.AssertNear(type => VoxCpmCase.Definition(config, type).LanguageModel.Embed([3, 0, 3]), session.Language.Embed([3, 0, 3]), $"symbols of {drawn}");
            });
        Assert.InRange(compared, 25, 40);
    }

    [Fact]
    public void The_velocity_equals_its_definition_patch_after_patch() => EngineCase.Check(
        from config in VoxCpmCase.Models
        from batch in Gen.Choose(1, 3)
        select (config, batch),
        drawn =>
        {
            var (config, batch) = drawn;
            using var model = Pack(config);
            using var session = model.Start();
            foreach (var (patch, grid) in new[] { (1UL, TimeGrid.Sway(4)), (2UL, TimeGrid.Uniform(3)), (3UL, TimeGrid.Sway(4)) })
            {
                var condition = EngineCase.Random(patch, batch, config.ConditionWidth);
                var history = EngineCase.Random(patch + 10, batch, config.PatchSize, config.LatentDim);
                var field = session.FieldOn(grid).Begin(condition, history);
                foreach (var time in new[] { grid[grid.Steps], grid[1], grid[0], grid[1] })
                {
                    var x = EngineCase.Random(patch + 20, batch, config.PatchSize, config.LatentDim);
                    EngineCase.AssertNear(
                        type => VoxCpmCase.Definition(config, type).Diffusion.On(grid).Begin(condition.To(type), history.To(type)).Velocity(x.To(type), time),
                        field.Velocity(x, time), $"time {time}, patch {patch} of {drawn}");
                }
            }
        });

    [Theory]
    [InlineData(VoxCpmVersion.One, 2)]
    [InlineData(VoxCpmVersion.One, 3)]
    [InlineData(VoxCpmVersion.Two, 2)]
    [InlineData(VoxCpmVersion.Two, 4)]
    public void Speech_has_the_same_bits_for_any_number_of_threads(VoxCpmVersion version, int threads)
    {
        foreach (var format in EngineFormats.Names)
        {
            using var model = Pack(VoxCpmCase.Speaking(version), format);
            using var pool = new WorkerPool(threads);
            Assert.Equal(Speak(model, null, 5), Speak(model, pool, 5));
        }
    }

    [Theory]
    [InlineData(VoxCpmVersion.One)]
    [InlineData(VoxCpmVersion.Two)]
    public async Task Sessions_that_speak_at_once_say_what_each_says_alone(VoxCpmVersion version)
    {
        using var model = Pack(VoxCpmCase.Speaking(version));
        using var pool = new WorkerPool(2);
        ulong[] seeds = [1, 2, 3];
        float[][] alone = [.. seeds.Select(seed => Speak(model, null, seed))];
        var together = await Task.WhenAll(seeds.Select(seed => Task.Factory.StartNew(() => Speak(model, pool, seed), TaskCreationOptions.LongRunning)));
        for (var i = 0; i < seeds.Length; i++)
            Assert.Equal(alone[i], together[i]);
        Assert.NotEqual(alone[0], alone[1]);
    }

    /// <summary>More positions than a segment of the cache has, in pieces and at once.</summary>
    [Theory]
    [InlineData(VoxCpmVersion.One)]
    [InlineData(VoxCpmVersion.Two)]
    public void A_prompt_at_once_is_a_prompt_in_pieces(VoxCpmVersion version)
    {
        var config = VoxCpmCase.Speaking(version);
        using var model = Pack(config);
        using var session = model.Start();
        var inputs = EngineCase.Random(4, 150, config.Base.Width);
        bool[] kinds = [.. Enumerable.Range(0, 150).Select(i => i % 7 > 3)];
        using var whole = session.Language.Start();
        var expected = session.Language.Forward(inputs, kinds, whole).ToSingles();
        using var pieces = session.Language.Start();
        var found = new List<float>();
        for (var first = 0; first < 150; first += 30)
            found.AddRange(session.Language.Forward(inputs.Slice(0, first, 30), kinds.AsSpan(first, 30), pieces).ToSingles());
        Assert.Equal(150, pieces.Length);
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], Tolerances.VoxCpmHidden * largest);
    }

    /// <summary>What was read once is continued twice, each time as if nobody else had.</summary>
    [Theory]
    [InlineData(VoxCpmVersion.One)]
    [InlineData(VoxCpmVersion.Two)]
    public void A_copy_of_a_state_goes_its_own_way(VoxCpmVersion version)
    {
        var config = VoxCpmCase.Speaking(version);
        using var model = Pack(config);
        using var session = model.Start();
        var inputs = EngineCase.Random(4, 72, config.Base.Width);
        var (prefix, next, other) = (inputs.Slice(0, 0, 70), inputs.Slice(0, 70, 1), inputs.Slice(0, 71, 1));
        using var state = session.Language.Start();
        _ = session.Language.Forward(prefix, new bool[70], state);
        Assert.True(state.Forks);
        using var copy = state.Fork();
        Assert.Equal(70, copy.Length);
        float[] Step(ILanguageState on, Tensor x) => session.Language.Forward(x, on).ToSingles();
        float[][] own = [Step(state, next), Step(state, other)];
        float[][] copied = [Step(copy, next), Step(copy, next)];
        Assert.Equal(own[0], copied[0]);
        Assert.NotEqual(own[1], copied[1]);
        using var again = session.Language.Start();
        _ = session.Language.Forward(prefix, new bool[70], again);
        Assert.Equal([.. own.SelectMany(row => row)], [.. Step(again, next), .. Step(again, other)]);
        Assert.Equal(72, copy.Length);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var config = VoxCpmCase.Speaking(VoxCpmVersion.Two);
        using var model = Pack(config);
        using var session = model.Start();
        using var other = model.Start();
        using var state = session.Language.Start();
        Assert.Throws<ArgumentException>(() => session.Language.Forward(EngineCase.Random(1, 1, 79), state));
        Assert.Throws<ArgumentException>(() => session.Language.Forward(EngineCase.Random(1, 2, 80), [true], state));
        Assert.Throws<ArgumentException>(() => other.Language.Forward(EngineCase.Random(1, 1, 80), state));
        Assert.Throws<ArgumentException>(() => session.Language.Forward(EngineCase.Random(1, 1, 80).To(ElementType.Float64), state));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Language.Forward(EngineCase.Random(1, config.Positions + 1, 80), state));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Language.Embed([config.Vocabulary]));
        Assert.Throws<ArgumentException>(() => session.Language.Condition(EngineCase.Random(1, 1, 80)));
        Assert.Throws<ArgumentException>(() => session.Language.StopProbability(EngineCase.Random(1, 2, 160)));
        Assert.Throws<ArgumentException>(() => session.Field.Begin(EngineCase.Random(1, 2, 48), EngineCase.Random(1, 2, 3, 6)));
        Assert.Throws<ArgumentException>(() => session.Field.Begin(EngineCase.Random(1, 2, 96), EngineCase.Random(1, 2, 4, 6)));
        Assert.Equal(0, state.Length);
        using var mean = Pack(config with { MeanMode = true });
        using var meaning = mean.Start();
        Assert.Throws<InvalidOperationException>(() => meaning.Field.Begin(EngineCase.Random(1, 2, 96), EngineCase.Random(1, 2, 3, 6)));
    }

    private static float[] Speak(InferenceModel model, WorkerPool? pool, ulong seed)
    {
        using var kernels = KernelSet.Use(new SimdKernels());
        using var session = model.Start(pool);
        var sampler = PatchSampler.VoxCpm(steps: 4);
        var loop = new GenerationLoop(session.Encoder, session.Language, session.FieldOn(sampler.Grid), null, model.Shape, AudioStart);
        var voice = EngineCase.Random(9, 5, model.Shape.PatchSize, model.Shape.LatentDim);
        var request = new GenerationRequest([1, 2, 3, 4, 5], sampler, new SeededNoise(seed)) { Prompt = new SpeechPrompt([7, 8], voice), MinPatches = 8, MaxPatches = 8 };
        return [.. loop.Generate(request).SelectMany(patch => patch.Latents.ToSingles())];
    }

    private static InferenceModel Pack(VoxCpmConfig config, string format = "float32") => new(VoxCpmCase.Definition(config, ElementType.Float32), EngineFormats.Named(format));
}
