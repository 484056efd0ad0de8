// Uniform reals and integers: range, moments, exact fairness, and the sequential view.
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Randomness;

public class UniformSourceTests
{
    private const int Count = 1 << 20;

    [Fact]
    public void Uniforms_stay_in_their_interval_and_have_its_moments()
    {
        var values = new double[Count];
        UniformSource.FillUniform(3, 4, 0, values);
        Assert.True(values.Min() >= 0 && values.Max() < 1);
        // Var u = 1/12; Var (u - 1/2)^2 = 1/80 - 1/144 = 1/180.
        var (mean, variance) = (5 * Math.Sqrt(1 / 12.0 / Count), 5 * Math.Sqrt(1 / 180.0 / Count));
        Assert.InRange(values.Average() - 0.5, -mean, mean);
        Assert.InRange(values.Average(u => (u - 0.5) * (u - 0.5)) - 1 / 12.0, -variance, variance);
    }

    [Fact]
    public void The_floats_are_the_doubles_rounded_down()
    {
        var doubles = new double[1000];
        var floats = new float[1000];
        UniformSource.FillUniform(3, 4, 17, doubles);
        UniformSource.FillUniform(3, 4, 17, floats);
        for (var i = 0; i < floats.Length; i++)
            Assert.Equal((float)(Math.Floor(doubles[i] * (1 << 24)) / (1 << 24)), floats[i]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Integers_fall_on_every_value_equally(int bound)
    {
        var counts = new int[bound];
        for (var i = 0; i < Count; i++)
            counts[UniformSource.Below(1, 2, (ulong)i, (ulong)bound)]++;
        var expected = (double)Count / bound;
        var chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        // Chi-square with bound - 1 degrees of freedom: mean bound - 1, variance 2 (bound - 1); 6 deviations because its tail is heavier.
        Assert.InRange(chiSquare, 0, bound - 1 + 6 * Math.Sqrt(2 * (bound - 1.0)));
    }

    [Fact]
    public void A_bound_that_does_not_divide_two_to_the_64_is_still_fair()
    {
        // Taking the high half of the product without rejection gives multiples of 3 half of all draws at this bound instead of a third.
        const ulong bound = 3UL << 62;
        var multiples = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var value = UniformSource.Below(1, 2, (ulong)i, bound);
            Assert.True(value < bound);
            if (value % 3 == 0)
                multiples++;
        }

        var deviation = 5 * Math.Sqrt(100_000 * (1 / 3.0) * (2 / 3.0));
        Assert.InRange(multiples, 100_000 / 3.0 - deviation, 100_000 / 3.0 + deviation);
    }

    [Fact]
    public void A_sequence_continues_from_its_position_and_its_shuffle_is_fair()
    {
        var sequence = new RandomSequence(1, 2);
        sequence.NextUniform();
        sequence.NextNormal();
        sequence.FillNormal(new float[5]);
        var resumed = new RandomSequence(sequence.Seed, sequence.Stream, sequence.Position);
        Assert.Equal(7UL, sequence.Position);
        Assert.Equal((sequence.NextNormal(), sequence.NextUniform(), sequence.NextBelow(1000)), (resumed.NextNormal(), resumed.NextUniform(), resumed.NextBelow(1000)));

        var orders = new Dictionary<string, int>();
        for (var i = 0; i < 60_000; i++)
        {
            var letters = "abcd".ToCharArray();
            sequence.Shuffle<char>(letters);
            var order = new string(letters);
            orders[order] = orders.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, orders.Count);
        Assert.All(orders.Values, count => Assert.InRange(count, 2500 - 6 * 50, 2500 + 6 * 50));
    }

    [Fact]
    public void A_zero_bound_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => UniformSource.Below(1, 1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomSequence(1, 1).NextBelow(0));
    }
}
