// The discrete Fourier transform of a real signal whose length is a power of two: X[k] = sum_t x[t] exp(-2 pi i k t / n), k = 0..n/2.
// The n reals are taken as n/2 complex numbers (even samples real, odd imaginary), transformed by the iterative radix-2
// algorithm, and taken apart again. Left out: other lengths, the inverse, vector instructions.

using System.Numerics;

namespace Ditar.Reference.Signal;

/// <summary>A transform of one length, with its tables; immutable but for scratch, so not for use by two threads at once.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class RealFft<T> where T : struct, IBinaryFloatingPointIeee754<T>
{
    private readonly int half;
    private readonly int[] reversed;        // [n/2] index with its bits in reverse order
    private readonly T[] cosine, sine;      // [n/2] of the angle -2 pi k / n
    private readonly T[] re, im;            // [n/2] scratch

    /// <summary>Tables for signals of <paramref name="length"/> samples.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a power of two of at least 4.</exception>
    public RealFft(int length)
    {
        if (length < 4 || !BitOperations.IsPow2(length))
            throw new ArgumentOutOfRangeException(nameof(length), length, "expected a power of two of at least 4");
        Length = length;
        half = length / 2;
        int bits = BitOperations.Log2((uint)half);
        reversed = new int[half];
        for (int i = 1; i < half; i++) reversed[i] = (reversed[i >> 1] >> 1) | ((i & 1) << (bits - 1));
        cosine = new T[half];
        sine = new T[half];
        for (int k = 0; k < half; k++)
        {
            // In double whatever T is: the tables' error then is T's rounding only. Pi-less forms keep the quarter turns exact.
            cosine[k] = T.CreateChecked(double.CosPi(2.0 * k / length));
            sine[k] = T.CreateChecked(-double.SinPi(2.0 * k / length));
        }

        re = new T[half];
        im = new T[half];
    }

    /// <summary>Number of real samples n.</summary>
    public int Length { get; }

    /// <summary>Number of bins, n / 2 + 1.</summary>
    public int Bins => half + 1;

    /// <summary>Transforms a signal.</summary>
    /// <param name="signal">[n].</param>
    /// <param name="real">[n / 2 + 1], receives the real parts; may overlap <paramref name="signal"/>.</param>
    /// <param name="imaginary">[n / 2 + 1], receives the imaginary parts.</param>
    /// <exception cref="ArgumentException">A length differs.</exception>
    public void Forward(ReadOnlySpan<T> signal, Span<T> real, Span<T> imaginary)
    {
        if (signal.Length != Length || real.Length != Bins || imaginary.Length != Bins)
            throw new ArgumentException($"expected {Length} samples and {Bins} bins, found {signal.Length}, {real.Length} and {imaginary.Length}");

        for (int i = 0; i < half; i++)
        {
            re[i] = signal[2 * reversed[i]];
            im[i] = signal[2 * reversed[i] + 1];
        }

        Butterflies();
        TakeApart(real, imaginary);
    }

    // Radix 2, decimation in time: blocks of `size` from two blocks of half that size.
    private void Butterflies()
    {
        for (int size = 2; size <= half; size *= 2)
        {
            int stride = Length / size;     // the tables are in steps of 2 pi / n
            for (int start = 0; start < half; start += size)
            {
                for (int k = 0; k < size / 2; k++)
                {
                    int a = start + k, b = a + size / 2;
                    T wr = cosine[k * stride], wi = sine[k * stride];
                    T tr = wr * re[b] - wi * im[b], ti = wr * im[b] + wi * re[b];
                    (re[b], im[b]) = (re[a] - tr, im[a] - ti);
                    (re[a], im[a]) = (re[a] + tr, im[a] + ti);
                }
            }
        }
    }

    // Z = transform of even + i odd. With Z' = conj(Z[n/2 - k]):  E = (Z + Z') / 2,  O = (Z - Z') / 2i,  X[k] = E + exp(-2 pi i k / n) O.
    private void TakeApart(Span<T> real, Span<T> imaginary)
    {
        T two = T.One + T.One;
        for (int k = 0; k <= half; k++)
        {
            int a = k == half ? 0 : k, b = k == 0 ? 0 : half - k;
            T evenRe = (re[a] + re[b]) / two, evenIm = (im[a] - im[b]) / two;
            T oddRe = (im[a] + im[b]) / two, oddIm = (re[b] - re[a]) / two;
            T wr = k == half ? -T.One : cosine[k], wi = k == half ? T.Zero : sine[k];
            real[k] = evenRe + wr * oddRe - wi * oddIm;
            imaginary[k] = evenIm + wr * oddIm + wi * oddRe;
        }
    }
}
