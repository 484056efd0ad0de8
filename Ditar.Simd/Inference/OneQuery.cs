// One query over many keys: a step of a long sequence. Each key and value is read once, so the only thing that counts is that memory is never waited for:
// several independent sums, and every line asked for some two thousand bytes before it is needed (a hundred nanoseconds at the speed of one core's share of
// the bus). Sums run over dims (scores) and over keys (values) in two halves, even and odd.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class OneQuery
{
    // In values; 2 KB.
    private const int Ahead = 512;

    // A line holds so many values.
    private const int Line = 16;

    /// <summary>Whether rows of this size are whole vectors in fours at every width.</summary>
    public static bool Takes(int headDim) => headDim % 64 == 0;

    /// <summary>scores[j] = q . key j for whole panels; what stands behind the last key is anything.</summary>
    /// <param name="headDim">Even.</param>
    /// <param name="panels">[headDim, two vectors of positions] each, one after the other.</param>
    [MethodImpl(Jit.Hot)]
    public static void Scores<TWidth, TVector>(int headDim, float* q, float* panels, int columns, float* scores)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        for (var column = 0; column < columns; column += 2 * w)
        {
            TVector even0 = TWidth.Zero, even1 = TWidth.Zero, odd0 = TWidth.Zero, odd1 = TWidth.Zero;
            for (var d = 0; d < headDim; d += 2, panels += 4 * w)
            {
                for (var line = 0; line < 4 * w; line += Line)
                    Cache.PrefetchNear(panels + Ahead + line);
                var x = TWidth.Broadcast(q[d]);
                even0 = TWidth.MultiplyAdd(x, TWidth.Load(panels), even0);
                even1 = TWidth.MultiplyAdd(x, TWidth.Load(panels + w), even1);
                x = TWidth.Broadcast(q[d + 1]);
                odd0 = TWidth.MultiplyAdd(x, TWidth.Load(panels + (2 * w)), odd0);
                odd1 = TWidth.MultiplyAdd(x, TWidth.Load(panels + (3 * w)), odd1);
            }

            TWidth.Store(TWidth.Add(even0, odd0), scores + column);
            TWidth.Store(TWidth.Add(even1, odd1), scores + column + w);
        }
    }

    /// <summary>y = (accumulate ? y : 0) + sum over j of probabilities[j] * value j.</summary>
    /// <param name="headDim">A size that <see cref="Takes"/>.</param>
    /// <param name="values">[keys, headDim], rows without gaps.</param>
    [MethodImpl(Jit.Hot)]
    public static void Values<TWidth, TVector>(int headDim, int keys, float* probabilities, float* values, float* y, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        for (var i = 0; i < headDim; i += 4 * w)
        {
            TVector a0 = TWidth.Zero, a1 = TWidth.Zero, a2 = TWidth.Zero, a3 = TWidth.Zero;
            TVector b0 = TWidth.Zero, b1 = TWidth.Zero, b2 = TWidth.Zero, b3 = TWidth.Zero;
            var row = values + i;
            var j = 0;
            for (; j < keys - 1; j += 2, row += 2 * headDim)
            {
                for (var line = 0; line < 4 * w; line += Line)
                {
                    Cache.PrefetchNear(row + Ahead + line);
                    Cache.PrefetchNear(row + headDim + Ahead + line);
                }

                var p = TWidth.Broadcast(probabilities[j]);
                a0 = TWidth.MultiplyAdd(p, TWidth.Load(row), a0);
                a1 = TWidth.MultiplyAdd(p, TWidth.Load(row + w), a1);
                a2 = TWidth.MultiplyAdd(p, TWidth.Load(row + (2 * w)), a2);
                a3 = TWidth.MultiplyAdd(p, TWidth.Load(row + (3 * w)), a3);
                p = TWidth.Broadcast(probabilities[j + 1]);
                b0 = TWidth.MultiplyAdd(p, TWidth.Load(row + headDim), b0);
                b1 = TWidth.MultiplyAdd(p, TWidth.Load(row + headDim + w), b1);
                b2 = TWidth.MultiplyAdd(p, TWidth.Load(row + headDim + (2 * w)), b2);
                b3 = TWidth.MultiplyAdd(p, TWidth.Load(row + headDim + (3 * w)), b3);
            }

            if (j < keys)
            {
                var p = TWidth.Broadcast(probabilities[j]);
                a0 = TWidth.MultiplyAdd(p, TWidth.Load(row), a0);
                a1 = TWidth.MultiplyAdd(p, TWidth.Load(row + w), a1);
                a2 = TWidth.MultiplyAdd(p, TWidth.Load(row + (2 * w)), a2);
                a3 = TWidth.MultiplyAdd(p, TWidth.Load(row + (3 * w)), a3);
            }

            Put<TWidth, TVector>(TWidth.Add(a0, b0), y + i, accumulate);
            Put<TWidth, TVector>(TWidth.Add(a1, b1), y + i + w, accumulate);
            Put<TWidth, TVector>(TWidth.Add(a2, b2), y + i + (2 * w), accumulate);
            Put<TWidth, TVector>(TWidth.Add(a3, b3), y + i + (3 * w), accumulate);
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Put<TWidth, TVector>(TVector sum, float* y, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Store(accumulate ? TWidth.Add(TWidth.Load(y), sum) : sum, y);
}
