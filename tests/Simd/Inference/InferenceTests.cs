// The engine's modules against their definitions, for random sizes; and that neither threads nor neighbours change a bit.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Simd;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Kernel")]
public sealed class InferenceTests
{
    private static readonly DitarConfig Speaking = new()
    {
        Symbols = 7,
        LatentDim = 6,
        HeadDim = 16,
        Encoder = new(2, 48, 3, 100),
        LanguageModel = new(3, 80, 5, 200),
        Diffusion = new(2, 48, 3, 150),
    };

    [Fact]
    public void The_patch_encoder_equals_its_definition() => EngineCase.Check(
        from config in EngineCase.Models
        from count in Gen.Choose(1, 30)
        select (config, count),
        drawn =>
        {
            var (config, count) = drawn;
            var patches = EngineCase.Random(1, count, config.PatchSize, config.LatentDim);
            using var model = Pack(config);
            using var session = model.Start();
            EngineCase.AssertNear(type => Definition(config, type).Encoder.Encode(patches.To(type)), session.Encoder.Encode(patches), $"{drawn}");
        });

    [Fact]
    public void The_language_model_equals_its_definition_over_prompt_and_steps() => EngineCase.Check(
        from config in EngineCase.Models
        from prompt in Gen.Elements(1, 2, 47, 49, 100)
        select (config, prompt),
        drawn =>
        {
            var (config, prompt) = drawn;
            int[] pieces = [prompt, 1, 1, 3, 1];
            var inputs = EngineCase.Random(2, pieces.Sum(), config.LanguageModel.Width);
            using var model = Pack(config);
            using var session = model.Start();
            using var state = session.Language.Start();
            using var other = session.Language.Start();
            var at = 0;
            var rows = new List<Tensor>();
            foreach (var piece in pieces)
            {
                // Two sequences in turn: neither may see the other's memory.
                _ = session.Language.Forward(EngineCase.Random(3, 2, config.LanguageModel.Width), other);
                rows.Add(session.Language.Forward(inputs.Slice(0, at, piece), state).Copy());
                at += piece;
                Assert.Equal(at, state.Length);
            }

            EngineCase.AssertNear(
                type =>
                {
                    var language = Definition(config, type).LanguageModel;
                    return language.Forward(inputs.To(type), language.Start());
                },
                Tensor.Concat(0, [.. rows]), $"{drawn}");
            var hidden = rows[^1];
            EngineCase.AssertNear(
                type => Tensor.From(type, [Definition(config, type).LanguageModel.StopProbability(hidden.To(type))], 1),
                Tensor.From([(float)session.Language.StopProbability(hidden)], 1), $"stop of {drawn}");
            Assert.Equal(Definition(config, ElementType.Float32).LanguageModel.Table.Gather([3, 0, 3]).ToSingles(), session.Language.Embed([3, 0, 3]).ToSingles());
        });

    [Fact]
    public void The_velocity_equals_its_definition_patch_after_patch() => EngineCase.Check(
        from config in EngineCase.Models
        from batch in Gen.Choose(1, 3)
        select (config, batch),
        drawn =>
        {
            var (config, batch) = drawn;
            using var model = Pack(config);
            using var session = model.Start();
            foreach (var patch in new[] { 1UL, 2UL })
            {
                var condition = EngineCase.Random(patch, batch, config.LanguageModel.Width);
                var history = EngineCase.Random(patch + 10, batch, config.HistoryPatches * config.PatchSize, config.LatentDim);
                var field = session.Field.Begin(condition, history);
                foreach (var time in new[] { 1, 0.3, 0, 0.3 })
                {
                    var x = EngineCase.Random(patch + 20, batch, config.PatchSize, config.LatentDim);
                    EngineCase.AssertNear(
                        type => Definition(config, type).Diffusion.Begin(condition.To(type), history.To(type)).Velocity(x.To(type), time),
                        field.Velocity(x, time), $"time {time}, patch {patch} of {drawn}");
                }
            }
        });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Speech_has_the_same_bits_for_any_number_of_threads(int threads)
    {
        using var model = Pack(Speaking);
        using var pool = new WorkerPool(threads);
        Assert.Equal(Speak(model, null, 5), Speak(model, pool, 5));
    }

    [Fact]
    public async Task Sessions_that_speak_at_once_say_what_each_says_alone()
    {
        using var model = Pack(Speaking);
        using var pool = new WorkerPool(2);
        ulong[] seeds = [1, 2, 3];
        float[][] alone = [.. seeds.Select(seed => Speak(model, null, seed))];
        var together = await Task.WhenAll(seeds.Select(seed => Task.Factory.StartNew(() => Speak(model, pool, seed), TaskCreationOptions.LongRunning)));
        for (var i = 0; i < seeds.Length; i++)
            Assert.Equal(alone[i], together[i]);
        Assert.NotEqual(alone[0], alone[1]);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var model = Pack(Speaking);
        using var session = model.Start();
        using var other = model.Start();
        using var state = session.Language.Start();
        Assert.Throws<ArgumentException>(() => session.Encoder.Encode(EngineCase.Random(1, 1, Speaking.PatchSize, 5)));
        Assert.Throws<ArgumentException>(() => session.Encoder.Encode(EngineCase.Random(1, 1, 4, 6).To(ElementType.Float64)));
        Assert.Throws<ArgumentException>(() => session.Language.Forward(EngineCase.Random(1, 1, 79), state));
        Assert.Throws<ArgumentException>(() => other.Language.Forward(EngineCase.Random(1, 1, 80), state));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Language.Forward(EngineCase.Random(1, Speaking.MaxPositions + 1, 80), state));
        Assert.Throws<ArgumentException>(() => session.Field.Begin(EngineCase.Random(1, 2, 80), EngineCase.Random(1, 1, 4, 6)));
        var field = session.Field.Begin(EngineCase.Random(1, 2, 80), EngineCase.Random(1, 2, 4, 6));
        Assert.Throws<ArgumentException>(() => field.Velocity(EngineCase.Random(1, 1, 4, 6), 1));
    }

    private static float[] Speak(InferenceModel model, WorkerPool? pool, ulong seed)
    {
        using var session = model.Start(pool);
        var loop = new GenerationLoop(session.Encoder, session.Language, session.Field, null, model.Shape, audioStart: 6);
        var request = new GenerationRequest([1, 2, 3, 4, 5], new SamplerOptions { Steps = 3, Seed = seed }) { MinPatches = 8, MaxPatches = 8 };
        return [.. loop.Generate(request).SelectMany(patch => patch.Latents.ToSingles())];
    }

    private static InferenceModel Pack(DitarConfig config) => new(Definition(config, ElementType.Float32), EngineFormats.All(WeightFormat.Float32));

    private static DitarModel Definition(DitarConfig config, ElementType type) => new(new EngineCase.Weights(type), config);
}
