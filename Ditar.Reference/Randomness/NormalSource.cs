// Standard normal draws, addressed by (seed, stream, index): the noise x_1 of the diffusion path and every other Gaussian of the project.
// Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958: one Philox block gives u1 in (0, 1] and u2 in [0, 1), each with
// 53 bits, and from them the pair sqrt(-2 ln u1) (cos, sin)(2 pi u2) for the indices 2k and 2k + 1. The largest possible value is 8.57.
// The same bits on every machine: integer generator, own logarithm, sine and cosine (PortableMath), correctly rounded square root.
// Left out: faster transforms such as the ziggurat, which need a varying number of draws and so cannot be addressed by index.
namespace Ditar.Reference.Randomness;

public static class NormalSource
{
    private const double Ulp53 = 1.0 / (1UL << 53);

    /// <summary>Writes the normals with indices start, start + 1, ... ; a part of a range equals the same part of the whole.</summary>
    /// <param name="seed">What the user chose.</param>
    /// <param name="stream">Which sequence, for example the number of the patch; different streams are independent.</param>
    /// <param name="start">Index of the first value, below 2^62.</param>
    /// <param name="destination">[count]; the values of the double overload, rounded to float.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range of indices leaves [0, 2^62).</exception>
    public static void FillNormal(ulong seed, ulong stream, ulong start, Span<float> destination)
    {
        DrawAddress.CheckRange(start, destination.Length);
        var done = 0;
        if ((start & 1) == 1 && destination.Length > 0)
            destination[done++] = (float)Pair(seed, stream, start >> 1).Second;
        for (; done + 2 <= destination.Length; done += 2)
        {
            var (first, second) = Pair(seed, stream, (start + (ulong)done) >> 1);
            destination[done] = (float)first;
            destination[done + 1] = (float)second;
        }

        if (done < destination.Length)
            destination[done] = (float)Pair(seed, stream, (start + (ulong)done) >> 1).First;
    }

    /// <inheritdoc cref="FillNormal(ulong, ulong, ulong, Span{float})"/>
    /// <param name="destination">[count]</param>
    public static void FillNormal(ulong seed, ulong stream, ulong start, Span<double> destination)
    {
        DrawAddress.CheckRange(start, destination.Length);
        var done = 0;
        if ((start & 1) == 1 && destination.Length > 0)
            destination[done++] = Pair(seed, stream, start >> 1).Second;
        for (; done + 2 <= destination.Length; done += 2)
            (destination[done], destination[done + 1]) = Pair(seed, stream, (start + (ulong)done) >> 1);
        if (done < destination.Length)
            destination[done] = Pair(seed, stream, (start + (ulong)done) >> 1).First;
    }

    private static (double First, double Second) Pair(ulong seed, ulong stream, ulong pair)
    {
        var block = Philox.Block(seed, stream, DrawAddress.Position(DrawKind.Normal, pair));
        var u1 = ((block.Low >> 11) + 1) * Ulp53;            // (0, 1]: the logarithm is finite
        var u2 = (block.High >> 11) * Ulp53;                 // [0, 1)
        var radius = Math.Sqrt(-2 * PortableMath.Log(u1));
        var (sin, cos) = PortableMath.SinCosTurn(u2);
        return (radius * cos, radius * sin);
    }
}
