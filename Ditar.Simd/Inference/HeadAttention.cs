// The pieces of one head's attention: scores of some queries against panels of keys, softmax of a row of scores, and the sum of values. Queries, values
// and results are read and written where they lie, with strides; the products run on the matrix tile kernel.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class HeadAttention
{
    /// <summary>scores[i, j] = query i . key j, for whole panels: what stands behind the last key is anything.</summary>
    /// <param name="q">[rows, headDim] with the row stride that follows.</param>
    /// <param name="panels">Keys in panels of two vectors, [headDim, positions], <paramref name="panelStride"/> elements apart.</param>
    /// <param name="columns">Whole panels.</param>
    [MethodImpl(Jit.Hot)]
    public static void Scores<TWidth, TVector>(
        int rows, int headDim, float* q, nint qRowStride, float* panels, nint panelStride, int columns, float* scores, nint scoreStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var product = new GemmOperands
        {
            M = rows,
            N = columns,
            K = headDim,
            A = q,
            ARowStride = qRowStride,
            AColumnStride = 1,
            B = panels,
            BRowStride = 2 * TWidth.Count,
            C = scores,
            CRowStride = scoreStride,
        };
        GemmBlocks.Tiles<TWidth, TVector>(in product, TWidth.TileRows * qRowStride, panelStride);
    }

    /// <summary>probabilities = softmax(scale * scores) over the first <paramref name="visible"/>, in place; 0 behind them.</summary>
    /// <param name="padded">Whole vectors.</param>
    [MethodImpl(Jit.Hot)]
    public static void Softmax<TWidth, TVector>(float* scores, int visible, int padded, float scale)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var minusInfinity = TWidth.Broadcast(float.NegativeInfinity);
        var largest = minusInfinity;
        nint i = 0;
        for (; i <= visible - w; i += w)
            largest = TWidth.Max(largest, TWidth.Load(scores + i));
        if (i < visible)
        {
            // What is not visible becomes -infinity, whose exponential is 0.
            var seen = TWidth.Select(TWidth.LessThan(TWidth.Lanes(i), TWidth.Broadcast(visible)), TWidth.Load(scores + i), minusInfinity);
            TWidth.Store(seen, scores + i);
            largest = TWidth.Max(largest, seen);
            i += w;
        }

        var end = i;
        for (; i < padded; i += w)
            TWidth.Store(TWidth.Zero, scores + i);

        // exp(scale s - scale max): scale is positive, so the largest stays the largest.
        var factor = TWidth.Broadcast(scale);
        var shift = TWidth.Broadcast(-scale * TWidth.MaxLane(largest));
        var sum = TWidth.Zero;
        for (i = 0; i < end; i += w)
        {
            var e = VectorMath.Exp<TWidth, TVector>(TWidth.MultiplyAdd(TWidth.Load(scores + i), factor, shift));
            TWidth.Store(e, scores + i);
            sum = TWidth.Add(sum, e);
        }

        var inverse = TWidth.Broadcast(1 / TWidth.Sum(sum));
        for (i = 0; i < end; i += w)
            TWidth.Store(TWidth.Multiply(TWidth.Load(scores + i), inverse), scores + i);
    }

    /// <summary>y[i] = (accumulate ? y[i] : 0) + sum over j of probabilities[i, j] * value j.</summary>
    /// <param name="values">[keys, headDim] with the row stride that follows; whole vectors may be loaded from its rows.</param>
    [MethodImpl(Jit.Hot)]
    public static void Values<TWidth, TVector>(
        int rows, int keys, int headDim, float* probabilities, nint probabilityStride, float* values, nint valueStride, float* y, nint yRowStride, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var product = new GemmOperands
        {
            M = rows,
            N = headDim,
            K = keys,
            A = probabilities,
            ARowStride = probabilityStride,
            AColumnStride = 1,
            B = values,
            BRowStride = valueStride,
            C = y,
            CRowStride = yRowStride,
            Accumulate = accumulate,
        };
        GemmBlocks.Tiles<TWidth, TVector>(in product, TWidth.TileRows * probabilityStride, 2 * TWidth.Count);
    }
}
