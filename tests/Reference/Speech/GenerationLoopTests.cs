// The generation loop over stand-ins (LoopParts): order, stop rule, history, prompt, streaming, limits, cancellation; and over a small real model,
// whose stepwise conditions must equal those of one prefill.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;

namespace Ditar.Tests.Reference.Speech;

public class GenerationLoopTests
{
    private const int AudioStart = 9;
    private static readonly PatchShape Shape = new(2, 2, 3);
    private static readonly SamplerOptions Plain = new() { Steps = 2, Guidance = 0 };
    private readonly Diary diary = new();

    [Fact]
    public void EachPatchIsHandedOutBeforeTheNextIsBegun()
    {
        using var patches = Loop(position => position >= 5 ? 0.9 : 0.1).Generate(new([4, 5, 6], Plain)).GetEnumerator();
        Assert.Empty(diary.Events);
        Assert.True(patches.MoveNext());
        Assert.Equal(["embed 4 5 6 9", "read 4", "sample", "voice 2"], diary.Events);
        Assert.Equal((0, 0.1, false), (patches.Current.Number, patches.Current.StopProbability, patches.Current.Last));
        Assert.True(patches.MoveNext());
        Assert.Equal(["encode 1", "read 1", "sample", "voice 2"], diary.Events[4..]);
        Assert.True(patches.MoveNext());

        // The h at position 5 fires: it conditions the third patch, which is therefore kept and the last; nothing is read after it.
        Assert.Equal(["encode 1", "read 1", "sample", "voice 2 last"], diary.Events[8..]);
        Assert.Equal((2, 0.9, true), (patches.Current.Number, patches.Current.StopProbability, patches.Current.Last));
        Assert.False(patches.MoveNext());
        Assert.Equal(12, diary.Events.Count);
    }

    [Fact]
    public void EveryPatchIsConditionedOnTheNewestHiddenAndReadBack()
    {
        var patches = Loop(_ => 0).Generate(new([4, 5, 6], Plain) { MaxPatches = 3 }).ToArray();

        // PositionField writes the position into the patch, FirstValueEncoder reads it back as 100 + position.
        AssertNear([AudioStart, 3], diary.Conditions[0]);
        AssertNear([103, 4], diary.Conditions[1]);
        AssertNear([104, 5], diary.Conditions[2]);
        Assert.Equal(3, patches.Length);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal([2, 3], patches[i].Latents.Shape.ToArray());
            AssertNear(Enumerable.Repeat(3.0 + i, 6).ToArray(), patches[i].Latents.ToDoubles());
        }
    }

    [Fact]
    public void TheHistoryIsZerosThenTheNewestPatches()
    {
        _ = Loop(_ => 0).Generate(new([4, 5, 6], Plain) { MaxPatches = 4 }).Count();
        AssertNear(History(0, 0), diary.Histories[0]);
        AssertNear(History(0, 3), diary.Histories[1]);
        AssertNear(History(3, 4), diary.Histories[2]);
        AssertNear(History(4, 5), diary.Histories[3]);
    }

    [Fact]
    public void WithoutHistoryNothingIsKept()
    {
        var loop = Silent(Shape with { HistoryPatches = 0 });
        Assert.Equal(2, loop.Generate(new([4], Plain) { MaxPatches = 2 }).Count());
        Assert.All(diary.Histories, history => Assert.Empty(history));
    }

    [Fact]
    public void APromptIsContinued()
    {
        var latents = Tensor.Concat(0, [.. new double[] { 20, 21, 22 }.Select(value => Tensor.Full(ElementType.Float64, value, 1, 2, 3))]);
        var request = new GenerationRequest([4, 5], Plain) { Prompt = new SpeechPrompt([7, 8], latents), MaxPatches = 2, VocoderContext = 2 };
        var patches = Loop(_ => 0).Generate(request).ToArray();
        Assert.Equal(["embed 7 8 4 5 9", "encode 3", "read 8", "voice 4", "sample", "voice 2"], diary.Events[..6]);
        AssertNear([122, 7], diary.Conditions[0]);
        AssertNear(History(21, 22), diary.Histories[0]);
        AssertNear(History(22, 7), diary.Histories[1]);

        // The vocoder heard two prompt patches first; none of their samples come out, all of the new ones do.
        AssertNear([7, 7], patches[0].Samples.Select(x => (double)x).ToArray());
        AssertNear([7, 7, 8, 8, 8, 8], patches[1].Samples.Select(x => (double)x).ToArray());
    }

    [Theory]
    [InlineData(1, 10, 3)]
    [InlineData(5, 10, 5)]
    [InlineData(1, 2, 2)]
    [InlineData(4, 4, 4)]
    public void TheStopHeadIsHeardBetweenTheLimits(int least, int most, int expected)
    {
        // Fires at every position from that of the third patch on, at exactly the threshold.
        var patches = Loop(position => position >= 5 ? 0.5 : 0.49).Generate(new([4, 5, 6], Plain) { MinPatches = least, MaxPatches = most }).ToArray();
        Assert.Equal(expected, patches.Length);
        Assert.Equal([.. Enumerable.Repeat(false, expected - 1), true], patches.Select(p => p.Last));
        Assert.Equal(expected * 2 * 2, patches.Sum(p => p.Samples.Length));
    }

    [Fact]
    public void TheLanguageModelsLengthLimitsPatchesAndText()
    {
        var loop = Silent(Shape with { MaxPositions = 6 });
        var reports = new List<GenerationProgress>();
        Assert.Equal(3, loop.Generate(new([4, 5, 6], Plain), new Recorder(reports)).Count());
        Assert.Equal([new(0, 3), new(1, 3), new(2, 3), new(3, 3)], reports);
        var error = Assert.Throws<ArgumentException>(() => loop.Generate(new([1, 2, 3, 4, 5, 6], Plain)));
        Assert.Contains("7 positions, the model has 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameSeedGivesTheSameSamplesAndAnotherDoesNot()
    {
        var first = Samples(3);
        Assert.Equal(first, Samples(3));
        Assert.NotEqual(first, Samples(4));

        static float[] Samples(ulong seed)
        {
            var diary = new Diary();
            var language = new CountingLanguage(diary, _ => 0);
            var loop = new GenerationLoop(new FirstValueEncoder(diary), language, new NoisyField(), new DelayingVocoder(diary), Shape, AudioStart);
            return [.. loop.Generate(new([4], Plain with { Seed = seed }) { MaxPatches = 3 }).SelectMany(p => p.Samples)];
        }
    }

    [Fact]
    public void CancellationEndsItWithinAStepAndKeepsWhatWasHandedOut()
    {
        using var source = new CancellationTokenSource();
        var calls = 0;
        var field = new PositionField(diary) { OnCall = () => { if (++calls == 3) source.Cancel(); } };
        var loop = new GenerationLoop(new FirstValueEncoder(diary), new CountingLanguage(diary, _ => 0), field, new DelayingVocoder(diary), Shape, AudioStart);
        using var patches = loop.Generate(new([4], Plain), cancellation: source.Token).GetEnumerator();
        Assert.True(patches.MoveNext());
        Assert.Throws<OperationCanceledException>(() => patches.MoveNext());
        Assert.Equal(3, calls);
        AssertNear(Enumerable.Repeat(1.0, 6).ToArray(), patches.Current.Latents.ToDoubles());
    }

    [Fact]
    public void BadRequestsAreRefusedBeforeAnythingIsComputed()
    {
        var loop = Loop(_ => 0);
        var good = new GenerationRequest([4], Plain);
        Assert.Throws<ArgumentException>(() => loop.Generate(good with { Text = [] }));
        Assert.Throws<ArgumentException>(() => loop.Generate(good with { MinPatches = 0 }));
        Assert.Throws<ArgumentException>(() => loop.Generate(good with { MinPatches = 5, MaxPatches = 4 }));
        Assert.Throws<ArgumentException>(() => loop.Generate(good with { StopThreshold = double.NaN }));
        Assert.Throws<ArgumentException>(() => loop.Generate(good with { Prompt = new SpeechPrompt([], Tensor.Zeros(ElementType.Float64, 1, 2, 3)) }));
        var error = Assert.Throws<ArgumentException>(() => loop.Generate(good with { Prompt = new SpeechPrompt([1], Tensor.Zeros(ElementType.Float64, 1, 4, 3)) }));
        Assert.Contains("[patches, 2, 3], found [1, 4, 3]", error.Message, StringComparison.Ordinal);
        Assert.Empty(diary.Events);
    }

    [Fact]
    public void ARealModelStepByStepEqualsOnePrefill()
    {
        var config = new DitarConfig
        {
            Symbols = 10,
            LatentDim = 3,
            PatchSize = 2,
            HistoryPatches = 1,
            HeadDim = 4,
            MaxPositions = 64,
            Encoder = new(1, 8, 2, 12),
            LanguageModel = new(2, 12, 3, 16),
            Diffusion = new(1, 8, 2, 12),
        };
        var model = new DitarModel(new RandomParameters(ElementType.Float64, 1), config);
        GradientFreeFill(model.Diffusion.Output.Weight);                                           // starts at zero, which would hide the conditions
        int[] text = [1, 2, 3, 4];
        var sampler = PatchSampler.Ditar(new SamplerOptions { Steps = 3, Guidance = 1 });
        var noise = new SeededNoise(2);
        var patches = new GenerationLoop(model, null, AudioStart).Generate(new(text, sampler, noise) { MinPatches = 5, MaxPatches = 5 }).ToArray();

        var language = model.LanguageModel;
        var latents = Tensor.Concat(0, [.. patches.Select(p => p.Latents.Reshape(1, 2, 3))]);
        var all = language.Forward(Tensor.Concat(0, language.Embed([.. text, AudioStart]), model.Encoder.Encode(latents)), language.Start());
        for (var i = 0; i < 5; i++)
        {
            var hidden = all.Slice(0, text.Length + i, 1);
            var history = i == 0 ? Tensor.Zeros(ElementType.Float64, 1, 2, 3) : latents.Slice(0, i - 1, 1);
            var expected = sampler.Sample(model.Diffusion, new PatchRequest(hidden, history, 2, i), noise);
            AssertNear(expected.ToDoubles(), patches[i].Latents.ToDoubles());
            Assert.Equal(language.StopProbability(hidden), patches[i].StopProbability, Tolerances.FewFloat64Operations);
        }

        static void GradientFreeFill(Tensor weight)
        {
            for (var i = 0; i < weight.Count; i++) weight.Values<double>()[i] = Math.Sin(i);
        }
    }

    private GenerationLoop Loop(Func<int, double> stop) =>
        new(new FirstValueEncoder(diary), new CountingLanguage(diary, stop), new PositionField(diary), new DelayingVocoder(diary), Shape, AudioStart);

    private GenerationLoop Silent(PatchShape shape) =>
        new(new FirstValueEncoder(diary), new CountingLanguage(diary, _ => 0), new PositionField(diary), null, shape, AudioStart);

    private static double[] History(double older, double newer) => [.. Enumerable.Repeat(older, 6), .. Enumerable.Repeat(newer, 6)];

    private static void AssertNear(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], Tolerances.FewFloat64Operations * Math.Max(1, Math.Abs(expected[i])));
    }

    private sealed class Recorder(List<GenerationProgress> reports) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => reports.Add(value);
    }
}
