// A patch's field, which is told condition and history once, is the whole computation to the bit, at any time and for any batch.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;

namespace Ditar.Tests.Reference.Speech;

public class PatchFieldTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void BegunOnceItIsTheWholeVelocity(int historyPatches)
    {
        var config = new DitarConfig
        {
            Symbols = 5,
            LatentDim = 3,
            PatchSize = 2,
            HistoryPatches = historyPatches,
            HeadDim = 4,
            Encoder = new(1, 8, 2, 8),
            LanguageModel = new(1, 8, 2, 8),
            Diffusion = new(2, 8, 2, 8),
        };
        var network = new LocalDiffusionTransformer(new Moved().Root, config);
        var (h, history) = (Random(1, 2, 8), Random(2, 2, historyPatches * 2, 3));
        var patch = network.Begin(h, history);
        foreach (var time in new[] { 1, 0.25, 0 })
        {
            var x = Random(3, 2, 2, 3);
            var whole = network.Velocity(x, Tensor.Full(ElementType.Float64, time, 2), h, history);
            Assert.Equal(whole.ToDoubles(), patch.Velocity(x, time).ToDoubles());
            Assert.Contains(whole.ToDoubles(), v => v != 0);
        }

        Assert.Throws<ArgumentException>(() => network.Begin(h, Random(2, 1, historyPatches * 2, 3)));
        Assert.Throws<ArgumentException>(() => patch.Velocity(Random(3, 1, 2, 3), 1));
    }

    private static Tensor Random(ulong seed, params int[] shape)
    {
        var values = new double[shape.Aggregate(1, (a, b) => a * b)];
        NormalSource.FillNormal(seed, 0, 0, values);
        return Tensor.From(values, shape);
    }

    // Zero starts would make every velocity zero.
    private sealed class Moved() : ParameterSource(ElementType.Float64)
    {
        protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
        {
            var values = new double[shape.ToArray().Aggregate(1, (a, b) => a * b)];
            NormalSource.FillNormal((ulong)name.Length, (ulong)name.Sum(character => character), 0, values);
            return Tensor.From(values, shape).Copy();
        }
    }
}
