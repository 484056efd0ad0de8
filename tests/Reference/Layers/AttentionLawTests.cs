// What must hold for any weights: causality, cache = prefill, grouped heads = repeated heads, rotary scores depend on distance only.

using Ditar.Reference;
using Ditar.Reference.Layers;
using static Ditar.Tests.Reference.Layers.LayerData;

namespace Ditar.Tests.Reference.Layers;

public class AttentionLawTests
{
    private const int Time = 7;
    private static readonly TransformerConfig Config = new(2, 12, 4, 10, Causal: true, HeadDim: 4, KeyHeads: 2, MaxPositions: 16);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(6)]
    public void ALaterInputChangesNoEarlierOutput(int changed)
    {
        var model = new Transformer(new RandomParameters(ElementType.Float64, 1).Root, Config);
        var x = Normal(1, 2, Time, 12);
        var before = model.Forward(x);
        var after = model.Forward(Disturbed(x, 1, changed));
        for (var batch = 0; batch < 2; batch++)
        {
            for (var time = 0; time < Time; time++)
            {
                var same = Row(before, batch, time).SequenceEqual(Row(after, batch, time));
                Assert.Equal(batch == 0 || time < changed, same);
            }
        }
    }

    [Fact]
    public void FullAttentionSeesEverything()
    {
        var model = new Transformer(new RandomParameters(ElementType.Float64, 1).Root, Config with { Causal = false });
        var x = Normal(1, 1, Time, 12);
        var before = model.Forward(x);
        var after = model.Forward(Disturbed(x, 0, Time - 1));
        for (var time = 0; time < Time; time++) Assert.NotEqual(Row(before, 0, time), Row(after, 0, time));
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1, 1)]
    [InlineData(4, 1, 1, 1)]
    [InlineData(2, 3, 2)]
    public void WithACacheAnyPiecesEqualTheWhole(params int[] pieces)
    {
        var model = new Transformer(new RandomParameters(ElementType.Float64, 2).Root, Config);
        var x = Normal(2, 1, Time, 12);
        var whole = model.Forward(x);
        var caches = model.StartCaches();
        var start = 0;
        foreach (var piece in pieces)
        {
            Equal(whole.Slice(1, start, piece), model.Forward(x.Slice(1, start, piece), caches));
            start += piece;
        }

        Assert.Equal(Time, start);
        Assert.All(caches, cache => Assert.Equal(Time, cache.Length));
    }

    [Fact]
    public void ACacheGrowsPastItsFirstRoomAndForksGoTheirOwnWays()
    {
        var model = new Transformer(new RandomParameters(ElementType.Float64, 3).Root, Config with { MaxPositions = 200 });
        var x = Normal(3, 1, 150, 12);
        var whole = model.Forward(x);
        var caches = model.StartCaches();
        model.Forward(x.Slice(1, 0, 100), caches);
        KeyValueCache[] fork = [.. caches.Select(cache => cache.Fork())];
        model.Forward(Normal(4, 1, 9, 12), fork);
        Equal(whole.Slice(1, 100, 50), model.Forward(x.Slice(1, 100, 50), caches));
        Assert.Equal(109, fork[0].Length);
    }

    [Fact]
    public void GroupedHeadsAreRepeatedHeads()
    {
        var (q, k, v) = (Normal(5, 2, 4, 6, 4), Normal(6, 2, 5, 2, 4), Normal(7, 2, 5, 2, 4));
        Equal(q.Attention(Repeat(k), Repeat(v), 0.5, causal: true), q.Attention(k, v, 0.5, causal: true));

        // [batch, keys, 2, headDim] to [batch, keys, 6, headDim]: query heads 0-2 read key head 0, 3-5 key head 1.
        static Tensor Repeat(Tensor x) => Tensor.Concat(2, x.Slice(2, 0, 1), x.Slice(2, 0, 1), x.Slice(2, 0, 1), x.Slice(2, 1, 1), x.Slice(2, 1, 1), x.Slice(2, 1, 1));
    }

    [Fact]
    public void RotaryScoresDependOnDistanceOnly()
    {
        const int headDim = 8;
        var positions = new RotaryPositions(ElementType.Float64, 64, headDim);
        var (q, k) = (Normal(8, 1, 1, 1, headDim), Normal(9, 1, 1, 1, headDim));
        foreach (var distance in new[] { 0, 1, 5, 20 })
        {
            var expected = Score(distance, 0);
            foreach (var shift in new[] { 1, 7, 40 }) Assert.Equal(expected, Score(distance + shift, shift), Tolerances.FewFloat64Operations);
        }

        Assert.True(Math.Abs(Score(1, 0) - Score(5, 0)) > 0.01, "the distance matters");
        Equal(q, positions.Rotate(q, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => positions.Rotate(q, 64));

        double Score(int query, int key) => (positions.Rotate(q, query) * positions.Rotate(k, key)).Sum().Scalar();
    }

    [Fact]
    public void AMaskedKeyIsAKeyThatIsNotThere()
    {
        var (q, k, v) = (Normal(10, 1, 3, 2, 4), Normal(11, 1, 5, 2, 4), Normal(12, 1, 5, 2, 4));
        var mask = Tensor.Zeros(ElementType.Float64, 3, 5).Copy();
        for (var i = 0; i < 3; i++) mask.Values<double>()[(i * 5) + 4] = double.NegativeInfinity;
        Equal(q.Attention(k.Slice(1, 0, 4), v.Slice(1, 0, 4), 0.5, causal: false), q.Attention(k, v, 0.5, causal: false, mask));
    }

    [Fact]
    public void ItemsOfABatchDoNotMeet()
    {
        var model = new Transformer(new RandomParameters(ElementType.Float64, 4).Root, Config with { Causal = false });
        var x = Normal(13, 3, Time, 12);
        var together = model.Forward(x);
        for (var item = 0; item < 3; item++) Equal(model.Forward(x.Slice(0, item, 1)), together.Slice(0, item, 1));
    }

    private static double[] Row(Tensor x, int batch, int time) => x.Slice(0, batch, 1).Slice(1, time, 1).ToDoubles();
}
