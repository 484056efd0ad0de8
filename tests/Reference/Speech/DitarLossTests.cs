// The whole model's loss against central differences, its value at the start, and what each part may depend on.

using Ditar.Learn;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;

namespace Ditar.Tests.Reference.Speech;

public class DitarLossTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(2)]
    public void GradientsAreRight(int history)
    {
        var config = Small(history);
        var source = new RandomParameters(ElementType.Float64, 3);
        var model = new DitarModel(source, config);
        // Zero starts hide paths: give every parameter a value.
        var random = new Random(5);
        foreach (var (_, tensor) in source.Taken)
        {
            var values = tensor.Values<double>();
            for (var i = 0; i < values.Length; i++) values[i] += 0.3 * (random.NextDouble() - 0.5);
        }

        var batch = ToDoubles(Batch(config, BatchDrawsSmall));
        Tensor[] parameters = [.. source.Taken.Select(p => p.Value)];
        double[][] gradients;
        using (var tape = new Tape())
        {
            tape.Watch(parameters);
            gradients = [.. tape.Gradients(DitarLoss.Compute(model, batch, new(0.3, 3)).Total, parameters).Select(g => g.ToDoubles())];
        }

        // A few elements of each tensor.
        for (var p = 0; p < parameters.Length; p++)
        {
            for (var pick = 0; pick < 3; pick++)
            {
                var i = random.Next(parameters[p].Count);
                const double step = 1e-5;
                var values = parameters[p].Values<double>();
                var kept = values[i];
                values[i] = kept + step;
                var up = DitarLoss.Compute(model, batch, new(0.3, 3)).Total.Scalar();
                parameters[p].Values<double>()[i] = kept - step;
                var down = DitarLoss.Compute(model, batch, new(0.3, 3)).Total.Scalar();
                parameters[p].Values<double>()[i] = kept;
                Assert.True(
                    Math.Abs(((up - down) / (2 * step)) - gradients[p][i]) < 1e-7,
                    $"{source.Taken[p].Key}[{i}]: {gradients[p][i]:g9} against {(up - down) / (2 * step):g9}");
            }
        }
    }

    [Fact]
    public void TheFirstDiffusionLossIsThatOfTheZeroVelocity()
    {
        var config = Small(1) with { LatentDim = 32, PatchSize = 4 };
        var model = new DitarModel(new RandomParameters(ElementType.Float32, 3), config);
        double sum = 0;
        const int batches = 20;
        for (var i = 0; i < batches; i++)
            sum += DitarLoss.Compute(model, Batch(config, new BatchDraws(), seed: (ulong)i).Batch, new()).Diffusion.Scalar();

        // E v^2 = pi^2/4 for unit-variance data; 20 batches of about 2000 values of variance 2 (pi^2/4)^2: deviation of the mean 0.018; 5 deviations.
        Assert.InRange(sum / batches, (Math.PI * Math.PI / 4) - 0.09, (Math.PI * Math.PI / 4) + 0.09);
    }

    [Fact]
    public void ADroppedConditionHidesTheText()
    {
        var config = Small(1);
        var source = new RandomParameters(ElementType.Float64, 3);
        var model = new DitarModel(source, config);
        model.Diffusion.Output.Weight.Values<double>().Fill(0.1);
        var dropped = ToDoubles(Batch(config, new BatchDraws(2, 1, 0)));
        var other = dropped with { Symbols = [.. dropped.Symbols.Select(s => s == 0 ? 1 : 0)] };
        Assert.Equal(
            DitarLoss.Compute(model, dropped, new()).Diffusion.Scalar(), DitarLoss.Compute(model, other, new()).Diffusion.Scalar());
        var kept = dropped with { DropCondition = new bool[dropped.DropCondition.Length] };
        Assert.NotEqual(
            DitarLoss.Compute(model, kept, new()).Diffusion.Scalar(), DitarLoss.Compute(model, kept with { Symbols = other.Symbols }, new()).Diffusion.Scalar());
    }

    [Theory]
    [InlineData("0.1B", 0.1e9)]
    [InlineData("0.4B", 0.4e9)]
    [InlineData("0.6B", 0.6e9)]
    [InlineData("1B", 1e9)]
    public void ThePapersSizesHaveThePapersParameterCounts(string name, double expected)
    {
        var config = DitarConfig.Named(name, 100);
        Assert.Null(config.Fault());
        var count = 0.0;
        foreach (var s in new[] { config.Encoder, config.LanguageModel, config.Diffusion })
            count += s.Layers * ((4.0 * s.Width * s.Heads * config.HeadDim) + (2.0 * s.Width * s.FeedForward));
        Assert.InRange(count, expected * 0.55, expected * 1.35);
    }

    internal static DitarConfig Small(int history) => new()
    {
        Symbols = 5,
        LatentDim = 3,
        PatchSize = 2,
        HistoryPatches = history,
        Encoder = new(1, 6, 2, 8),
        LanguageModel = new(2, 8, 2, 8),
        Diffusion = new(1, 6, 2, 8),
        HeadDim = 4,
        MaxPositions = 64,
    };

    internal static PackedBatch Batch(DitarConfig config, BatchDraws draws, ulong seed = 1)
    {
        var builder = new DitarBatchBuilder(config, text => [.. text.Select(c => c - 'a')], audioStart: 4, space: 3);
        LatentUtterance Speak(string text, int patches, int salt)
        {
            var latents = new float[patches * config.PatchSize * config.LatentDim];
            Ditar.Reference.Randomness.NormalSource.FillNormal(seed, (ulong)salt, 0, latents);
            return new(text, TextKind.Digits, "slt", CorpusSplit.Train, latents, new int[patches * config.PatchSize]);
        }

        return builder.Pack([new(Speak("abca", 3, 1), Speak("ba", 2, 2)), new(Speak("c", 2, 3), null)], draws, seed, 9);
    }

    private static readonly BatchDraws BatchDrawsSmall = new(2, 0.3, 0.3);

    private static DitarBatch ToDoubles(PackedBatch packed) => packed.Batch with
    {
        Patches = packed.Batch.Patches.To(ElementType.Float64),
        EncoderPatches = packed.Batch.EncoderPatches.To(ElementType.Float64),
        History = packed.Batch.History.To(ElementType.Float64),
        Noise = packed.Batch.Noise.To(ElementType.Float64),
    };

}
