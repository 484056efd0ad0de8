// The normals are normal, independent, addressable in any pieces, and the same bits on every machine.
// Statistical bounds are five standard deviations of the estimate for the fixed seed; a right generator fails one in 1.7 million such tests.
using Ditar.Reference.Randomness;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Randomness;

public class NormalSourceTests
{
    private const int Count = 1 << 20;
    private static readonly double RootCount = Math.Sqrt(Count);
    private static readonly double[] Values = Fill(seed: 1234, stream: 5, start: 0, Count);

    [Fact]
    public void Moments_are_those_of_the_standard_normal()
    {
        // Var x = 1, Var x^2 = 2, Var x^3 = 15, Var x^4 = 105 - 9 = 96.
        Assert.InRange(Values.Average(), -5 / RootCount, 5 / RootCount);
        Assert.InRange(Values.Average(x => x * x) - 1, -5 * Math.Sqrt(2) / RootCount, 5 * Math.Sqrt(2) / RootCount);
        Assert.InRange(Values.Average(x => x * x * x), -5 * Math.Sqrt(15) / RootCount, 5 * Math.Sqrt(15) / RootCount);
        Assert.InRange(Values.Average(x => x * x * x * x) - 3, -5 * Math.Sqrt(96) / RootCount, 5 * Math.Sqrt(96) / RootCount);
    }

    [Fact]
    public void The_distribution_function_is_that_of_the_standard_normal()
    {
        var sorted = Values.ToArray();
        Array.Sort(sorted);
        var largest = 0.0;
        for (var i = 0; i < Count; i++)
            largest = Math.Max(largest, Math.Abs((i + 0.5) / Count - NormalCdf(sorted[i])));
        // Kolmogorov: P(sqrt(n) D > 2.7) = 2 exp(-2 * 2.7^2) = 9e-7.
        Assert.True(largest * RootCount < 2.7, $"sqrt(n) D = {largest * RootCount}");
        Assert.True(largest * RootCount > 0.2, "closer than chance allows: the test measures nothing");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public void Values_at_a_distance_are_uncorrelated_and_so_are_their_squares(int lag)
    {
        double product = 0, squares = 0;
        for (var i = lag; i < Count; i++)
        {
            product += Values[i] * Values[i - lag];
            squares += (Values[i] * Values[i] - 1) * (Values[i - lag] * Values[i - lag] - 1);
        }

        Assert.InRange(product / Count, -5 / RootCount, 5 / RootCount);
        Assert.InRange(squares / Count, -5 * 2 / RootCount, 5 * 2 / RootCount);
    }

    [Theory]
    [InlineData(1234, 6)]
    [InlineData(1235, 5)]
    [InlineData(5, 1234)]
    public void Another_seed_or_stream_is_uncorrelated(ulong seed, ulong stream)
    {
        var other = Fill(seed, stream, 0, Count);
        Assert.InRange(Values.Zip(other, (a, b) => a * b).Average(), -5 / RootCount, 5 / RootCount);
    }

    [Fact]
    public void Uniforms_and_normals_of_the_same_address_are_uncorrelated()
    {
        var uniform = new double[Count];
        UniformSource.FillUniform(1234, 5, 0, uniform);
        var deviation = 5 * Math.Sqrt(1 / 12.0) / RootCount;
        Assert.InRange(Values.Zip(uniform, (n, u) => n * (u - 0.5)).Average(), -deviation, deviation);
        // |normal| falls with u1 of its block; sharing bits with the uniform would show here.
        Assert.InRange(Values.Zip(uniform, (n, u) => (n * n - 1) * (u - 0.5)).Average(), -deviation * Math.Sqrt(2), deviation * Math.Sqrt(2));
    }

    [Fact]
    public void Any_piece_of_a_range_equals_that_piece_of_the_whole()
    {
        var pieces = from start in Gen.Choose(0, 999) from length in Gen.Choose(0, 999 - start) select (start, length);
        Check.One(Config.QuickThrowOnFailure.WithReplay(11, 13), Prop.ForAll(pieces.ToArbitrary(), piece =>
        {
            Span<double> part = new double[piece.length];
            NormalSource.FillNormal(1234, 5, (ulong)piece.start, part);
            return part.SequenceEqual(Values.AsSpan(piece.start, piece.length));
        }));
    }

    [Fact]
    public void The_floats_are_the_doubles_rounded()
    {
        foreach (var start in new ulong[] { 0, 1 })
            foreach (var length in new[] { 0, 1, 2, 3, 100, 101 })
            {
                var floats = new float[length];
                NormalSource.FillNormal(9, 8, start, floats);
                Assert.Equal(Fill(9, 8, start, length).Select(x => (float)x), floats);
            }
    }

    [Fact]
    public void Filling_on_many_threads_gives_the_same_bits()
    {
        var parallel = new double[1 << 16];
        Parallel.For(0, 64, block => NormalSource.FillNormal(1234, 5, (ulong)block * 1024, parallel.AsSpan(block * 1024, 1024)));
        Assert.Equal(Values[..parallel.Length], parallel);
    }

    [Fact]
    public void The_bits_are_those_recorded_once_on_x64_linux()
    {
        ulong hash = 14695981039346656037;               // FNV-1a over the 64-bit patterns
        foreach (var value in Values)
            hash = (hash ^ (ulong)BitConverter.DoubleToInt64Bits(value)) * 1099511628211;
        Assert.Equal(7821237120073128093UL, hash);
    }

    [Fact]
    public void The_largest_radius_is_finite_and_the_range_of_indices_is_checked()
    {
        Assert.InRange(Values.Max(Math.Abs), 4.5, 8.6);
        Assert.Throws<ArgumentOutOfRangeException>(() => NormalSource.FillNormal(1, 1, 1UL << 62, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NormalSource.FillNormal(1, 1, (1UL << 62) - 1, new double[2]));
        NormalSource.FillNormal(1, 1, (1UL << 62) - 2, new double[2]);
    }

    private static double[] Fill(ulong seed, ulong stream, ulong start, int count)
    {
        var values = new double[count];
        NormalSource.FillNormal(seed, stream, start, values);
        return values;
    }

    /// <summary>Phi(x) from the Taylor series of its integral around 0, and the continued fraction of the tail from 3 on.</summary>
    private static double NormalCdf(double x)
    {
        var magnitude = Math.Abs(x);
        var density = Math.Exp(-magnitude * magnitude / 2) / Math.Sqrt(2 * Math.PI);
        double upper;
        if (magnitude < 3)
        {
            double term = magnitude, sum = magnitude;
            for (var n = 1; n < 60; n++)
                sum += term *= magnitude * magnitude / (2 * n + 1);
            upper = 0.5 - density * sum;
        }
        else
        {
            var fraction = magnitude;
            for (var n = 60; n >= 1; n--)
                fraction = magnitude + n / fraction;
            upper = density / fraction;
        }

        return x < 0 ? upper : 1 - upper;
    }
}
