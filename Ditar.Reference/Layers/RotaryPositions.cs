// Rotary positions (Su et al., arXiv 2104.09864): pair i of each head is turned by position * base^(-2i/headDim), so that q . k depends on distance only.
// Pairs are neighbours (2i, 2i+1) (ours); a model whose pairs are (i, i + headDim/2) loads with its rows reordered.

namespace Ditar.Reference.Layers;

/// <summary>Cosines and sines for positions 0 .. positions-1.</summary>
public sealed class RotaryPositions
{
    public const double DefaultBase = 10000;

    public RotaryPositions(ElementType type, int positions, int headDim, double theta = DefaultBase)
        : this(positions, Frequencies(headDim, theta), type, 1)
    {
    }

    /// <param name="frequencies">Radians per position for each of the headDim/2 pairs.</param>
    /// <param name="scale">Factor on cosines and sines.</param>
    public RotaryPositions(int positions, double[] frequencies, ElementType type, double scale)
        : this(positions, frequencies.Length, (position, pair) => position * frequencies[pair], type, scale)
    {
    }

    /// <param name="pairs">headDim / 2.</param>
    /// <param name="angle">Radians of a pair at a position, for models that stretch or round them (LongRoPE).</param>
    /// <param name="scale">Factor on cosines and sines.</param>
    public RotaryPositions(int positions, int pairs, Func<int, int, double> angle, ElementType type, double scale)
    {
        var cosine = new double[positions * pairs];
        var sine = new double[cosine.Length];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < pairs; i++)
            {
                var (s, c) = Math.SinCos(angle(position, i));
                cosine[(position * pairs) + i] = c * scale;
                sine[(position * pairs) + i] = s * scale;
            }
        }

        // Built outside of any arena's life.
        Cosine = Tensor.From(type, cosine, positions, pairs).Copy();
        Sine = Tensor.From(type, sine, positions, pairs).Copy();
    }

    /// <summary>[positions, headDim / 2].</summary>
    public Tensor Cosine { get; }

    /// <summary>[positions, headDim / 2].</summary>
    public Tensor Sine { get; }

    /// <param name="x">[batch, time, heads, headDim] at positions first .. first + time - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sequence runs past the last position of the table.</exception>
    public Tensor Rotate(Tensor x, int first = 0) => x.Rotate(Cosine.Slice(0, first, x[1]), Sine.Slice(0, first, x[1]));

    private static double[] Frequencies(int headDim, double theta)
    {
        var frequencies = new double[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++) frequencies[i] = Math.Pow(theta, -2.0 * i / headDim);
        return frequencies;
    }
}
