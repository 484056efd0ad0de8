// Uniform reals in [0, 1) and unbiased integers below n, addressed by (seed, stream, index) like the normals.
// Integers: Lemire, "Fast Random Integer Generation in an Interval", 2019: the high half of a 64 x 64 bit product, with the few low halves
// rejected that would make some results likelier.
namespace Ditar.Reference.Randomness;

public static class UniformSource
{
    /// <summary>Writes uniforms in [0, 1) with indices start, start + 1, ...</summary>
    /// <param name="start">Index of the first value, below 2^62.</param>
    /// <param name="destination">[count]; multiples of 2^-24: the values of the double overload, rounded down, so never 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range of indices leaves [0, 2^62).</exception>
    public static void FillUniform(ulong seed, ulong stream, ulong start, Span<float> destination)
    {
        DrawAddress.CheckRange(start, destination.Length);
        for (var i = 0; i < destination.Length; i++)
            destination[i] = (Bits(seed, stream, start + (ulong)i) >> 40) * (1f / (1 << 24));
    }

    /// <inheritdoc cref="FillUniform(ulong, ulong, ulong, Span{float})"/>
    /// <param name="destination">[count]; multiples of 2^-53.</param>
    public static void FillUniform(ulong seed, ulong stream, ulong start, Span<double> destination)
    {
        DrawAddress.CheckRange(start, destination.Length);
        for (var i = 0; i < destination.Length; i++)
            destination[i] = (Bits(seed, stream, start + (ulong)i) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>An integer in [0, <paramref name="bound"/>), every one exactly as likely as any other.</summary>
    /// <param name="index">Which draw, below 2^62.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is zero or the index is 2^62 or more.</exception>
    public static ulong Below(ulong seed, ulong stream, ulong index, ulong bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        DrawAddress.CheckRange(index, 1);
        var rejectBelow = unchecked(0 - bound) % bound;             // 2^64 mod bound
        var block = Philox.Block(seed, stream, DrawAddress.Position(DrawKind.Integer, index));
        while (true)
        {
            var high = Math.BigMul(block.Low, bound, out var low);
            if (low >= rejectBelow)
                return high;
            // The next try reads the block whose counter is this block: still a pure function of (seed, stream, index).
            block = Philox.Block(seed, block.High, block.Low);
        }
    }

    private static ulong Bits(ulong seed, ulong stream, ulong index)
    {
        var block = Philox.Block(seed, stream, DrawAddress.Position(DrawKind.Uniform, index >> 1));
        return (index & 1) == 0 ? block.Low : block.High;
    }
}
