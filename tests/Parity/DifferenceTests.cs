// The measures against values worked out by hand, and each fault that a comparison must not miss planted once.

using Ditar.Parity;

namespace Ditar.Tests.Parity;

public class DifferenceTests
{
    private static readonly RecordedTensor Truth = Fake.Float64("x");

    [Fact]
    public void Measures_are_what_they_say()
    {
        var found = Difference.Between(new("x", [3], new double[] { 3, 0, 4 }), new("x", [3], new float[] { 3, 1, 4 }));
        Assert.Null(found.Fault);
        Assert.Equal(1, found.MaxAbs);
        Assert.Equal(1, found.WorstIndex);
        Assert.Equal(1 / 5.0, found.RelativeL2, Tolerances.HandfulOfFloat64Operations);
        Assert.Equal(25 / (5 * Math.Sqrt(26)), found.Cosine, Tolerances.HandfulOfFloat64Operations);
        Assert.Equal(0, found.Rounding);
    }

    [Fact]
    public void Rounding_alone_is_below_half_an_ulp_and_not_zero()
    {
        var found = Difference.Between(Truth, Fake.Float32(Truth));
        Assert.Equal(found.Rounding, found.RelativeL2);
        Assert.InRange(found.RelativeL2, Tolerances.U / 8, Tolerances.U);
        Assert.Equal(Truth.Count, found.Ulps.Counts[0]);
    }

    [Theory]
    [InlineData("swapped sign")]
    [InlineData("lost tail")]
    [InlineData("wrong scale")]
    [InlineData("one element")]
    public void A_planted_fault_is_far_outside_every_bound(string fault)
    {
        var values = (float[])Fake.Float32(Truth).Values;
        switch (fault)
        {
            case "swapped sign":
                values[20] = -values[20];
                break;
            case "lost tail":
                values.AsSpan(56).Clear();
                break;
            case "wrong scale":
                for (var i = 0; i < values.Length; i++) values[i] *= 1.001f;
                break;
            default:
                values[3] += 0.01f;
                break;
        }

        Assert.True(Difference.Between(Truth, Truth with { Values = values }).RelativeL2 > 5 * Bounds.Gpu);
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void What_is_not_finite_is_named_with_its_place(float value, string name)
    {
        var values = (float[])Fake.Float32(Truth).Values;
        values[19] = value;
        var found = Difference.Between(Truth, Truth with { Values = values });
        Assert.Contains(name, found.Fault);
        Assert.Contains("[2, 3]", found.Fault);
        Assert.True(double.IsNaN(found.RelativeL2));
        Assert.Contains("the truth itself", Difference.Between(Truth with { Values = values }, Truth).Fault);
    }

    [Fact]
    public void Empty_tensors_and_other_shapes_are_faults()
    {
        RecordedTensor empty = new("x", [0, 8], Array.Empty<float>());
        Assert.Contains("nothing was compared", Difference.Between(empty, empty).Fault);
        Assert.Contains("[8, 8]", Difference.Between(Truth, new("x", [64], Truth.Values)).Fault);
    }

    [Fact]
    public void Zero_truth_is_met_only_by_zero()
    {
        RecordedTensor zero = new("x", [4], new double[4]);
        Assert.Equal(0, Difference.Between(zero, new("x", [4], new float[4])).RelativeL2);
        Assert.Equal(double.PositiveInfinity, Difference.Between(zero, new("x", [4], new float[] { 0, 0, 1e-30f, 0 })).RelativeL2);
    }

    [Theory]
    [InlineData(1f, 1f, 0)]
    [InlineData(0f, -0f, 0)]
    [InlineData(-float.Epsilon, float.Epsilon, 2)]
    [InlineData(1f, 2f, 1 << 23)]
    public void Ulps_are_counted_across_zero_and_binades(float a, float b, long distance) => Assert.Equal(distance, UlpHistogram.Distance(a, b));

    [Fact]
    public void Every_distance_falls_into_the_bin_that_says_so()
    {
        for (var bin = 0; bin < UlpHistogram.Bins - 1; bin++)
        {
            foreach (var distance in new[] { UlpHistogram.Lowest(bin), UlpHistogram.Lowest(bin + 1) - 1 })
            {
                var histogram = new UlpHistogram();
                histogram.Add(1f, BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(1f) + (int)distance));
                Assert.Equal(1, histogram.Counts[bin]);
            }
        }

        Assert.Equal("0 1 2 3–4 5–8", string.Join(' ', Enumerable.Range(0, 5).Select(UlpHistogram.Label)));
    }
}
