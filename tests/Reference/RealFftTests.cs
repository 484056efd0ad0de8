// The fast transform against the sum that defines it.

using Ditar.Reference.Signal;

namespace Ditar.Tests.Reference;

public class RealFftTests
{
    // The defining sum, in double.
    private static (double Re, double Im) Naive(ReadOnlySpan<double> x, int k)
    {
        double re = 0, im = 0;
        for (int t = 0; t < x.Length; t++)
        {
            long turn = (long)k * t % x.Length; // the angle as an exact fraction of a turn
            re += x[t] * double.CosPi(2.0 * turn / x.Length);
            im -= x[t] * double.SinPi(2.0 * turn / x.Length);
        }

        return (re, im);
    }

    private static double[] Noise(int n, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n).Select(_ => random.NextDouble() * 2 - 1)];
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(1024)]
    public void Equals_the_defining_sum_in_both_precisions(int n)
    {
        double[] x = Noise(n, n);
        float[] single = [.. x.Select(v => (float)v)];
        double[] re = new double[n / 2 + 1], im = new double[n / 2 + 1];
        float[] re32 = new float[n / 2 + 1], im32 = new float[n / 2 + 1];
        new RealFft<double>(n).Forward(x, re, im);
        new RealFft<float>(n).Forward(single, re32, im32);

        // Each of the log2 n stages and the last step rounds a few times numbers that are at most sum |x|: 4 roundings a stage is a safe
        // bound. The sum itself rounds n times in double, which only the double comparison feels.
        double size = x.Sum(Math.Abs), stages = Math.Log2(n) + 1;
        double bound64 = (4 * stages + n) * Math.Pow(2, -53) * size, bound32 = (4 * stages + 2) * Math.Pow(2, -24) * size;
        for (int k = 0; k <= n / 2; k++)
        {
            var (expectedRe, expectedIm) = Naive(x, k);
            Assert.InRange(Math.Abs(re[k] - expectedRe), 0, bound64);
            Assert.InRange(Math.Abs(im[k] - expectedIm), 0, bound64);
            Assert.InRange(Math.Abs(re32[k] - expectedRe), 0, bound32);
            Assert.InRange(Math.Abs(im32[k] - expectedIm), 0, bound32);
        }
    }

    [Fact]
    public void An_impulse_is_flat_and_a_constant_is_one_bin_exactly()
    {
        var fft = new RealFft<float>(32);
        float[] re = new float[17], im = new float[17], x = new float[32];
        x[0] = 1;
        fft.Forward(x, re, im);
        Assert.All(re, v => Assert.Equal(1f, v));
        Assert.All(im, v => Assert.Equal(0f, v));

        Array.Fill(x, 1f);
        fft.Forward(x, re, im);
        Assert.Equal(32f, re[0]);
        Assert.All(re[1..], v => Assert.Equal(0f, v));
    }

    [Fact]
    public void Power_is_kept()
    {
        const int n = 512;
        double[] x = Noise(n, 7), re = new double[n / 2 + 1], im = new double[n / 2 + 1];
        new RealFft<double>(n).Forward(x, re, im);
        // Bins 1 .. n/2-1 stand for two each. The relative error of both sums is below n roundings.
        double power = Enumerable.Range(0, n / 2 + 1).Sum(k => (k is 0 or n / 2 ? 1 : 2) * (re[k] * re[k] + im[k] * im[k])) / n;
        double energy = x.Sum(v => v * v);
        Assert.InRange(power / energy, 1 - n * Math.Pow(2, -52), 1 + n * Math.Pow(2, -52));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(400)]
    [InlineData(-8)]
    public void Other_lengths_are_refused(int n) => Assert.Throws<ArgumentOutOfRangeException>(() => new RealFft<float>(n));

    [Fact]
    public void Wrong_buffers_are_refused() =>
        Assert.Contains("expected 8 samples and 5 bins", Assert.Throws<ArgumentException>(() => new RealFft<float>(8).Forward(new float[8], new float[4], new float[5])).Message);
}
