// Products with a single vector: every weight is read once, so memory is the limit and nothing is packed.
// Two orders of the weights: rows that are contiguous along the sum (dot products, several rows at a time so that x is loaded once), and
// rows that are contiguous across outputs (scaled rows added up, several vectors of outputs held in registers).

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class Gemv
{
    /// <summary>y[i * yStride] = (accumulate ? y : 0) + sum over p of weights[i * rowStride + p] * x[p].</summary>
    [MethodImpl(Jit.Hot)]
    public static void Dots<TWidth, TVector>(int rows, int k, float* weights, nint rowStride, float* x, float* y, nint yStride, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        for (; rows >= 4; rows -= 4, weights += 4 * rowStride, y += 4 * yStride)
            DotRows<TWidth, TVector, Four>(k, weights, rowStride, x, y, yStride, accumulate);
        for (; rows > 0; rows--, weights += rowStride, y += yStride)
            DotRows<TWidth, TVector, One>(k, weights, rowStride, x, y, yStride, accumulate);
    }

    /// <summary>y[j] = (accumulate ? y : 0) + sum over p of weights[p * rowStride + j] * x[p * xStride].</summary>
    [MethodImpl(Jit.Hot)]
    public static void ScaledRows<TWidth, TVector>(int n, int k, float* weights, nint rowStride, float* x, nint xStride, float* y, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var j = 0;
        for (; j <= n - (8 * w); j += 8 * w)
        {
            TVector a = TWidth.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            var row = weights + j;
            var scale = x;
            for (var p = 0; p < k; p++, row += rowStride, scale += xStride)
            {
                var s = TWidth.Broadcast(*scale);
                a = TWidth.MultiplyAdd(s, TWidth.Load(row), a);
                b = TWidth.MultiplyAdd(s, TWidth.Load(row + w), b);
                c = TWidth.MultiplyAdd(s, TWidth.Load(row + (2 * w)), c);
                d = TWidth.MultiplyAdd(s, TWidth.Load(row + (3 * w)), d);
                e = TWidth.MultiplyAdd(s, TWidth.Load(row + (4 * w)), e);
                f = TWidth.MultiplyAdd(s, TWidth.Load(row + (5 * w)), f);
                g = TWidth.MultiplyAdd(s, TWidth.Load(row + (6 * w)), g);
                h = TWidth.MultiplyAdd(s, TWidth.Load(row + (7 * w)), h);
            }

            Put<TWidth, TVector>(a, y + j, accumulate);
            Put<TWidth, TVector>(b, y + j + w, accumulate);
            Put<TWidth, TVector>(c, y + j + (2 * w), accumulate);
            Put<TWidth, TVector>(d, y + j + (3 * w), accumulate);
            Put<TWidth, TVector>(e, y + j + (4 * w), accumulate);
            Put<TWidth, TVector>(f, y + j + (5 * w), accumulate);
            Put<TWidth, TVector>(g, y + j + (6 * w), accumulate);
            Put<TWidth, TVector>(h, y + j + (7 * w), accumulate);
        }

        for (; j <= n - w; j += w)
        {
            var sum = TWidth.Zero;
            for (var p = 0; p < k; p++)
                sum = TWidth.MultiplyAdd(TWidth.Broadcast(x[p * xStride]), TWidth.Load(weights + (p * rowStride) + j), sum);
            Put<TWidth, TVector>(sum, y + j, accumulate);
        }

        if (j < n)
        {
            var sum = TWidth.Zero;
            for (var p = 0; p < k; p++)
            {
                var last = Partial.Load<TWidth, TVector>(weights + (p * rowStride) + j, n - j);
                sum = TWidth.MultiplyAdd(TWidth.Broadcast(x[p * xStride]), last, sum);
            }

            if (accumulate)
                sum = TWidth.Add(Partial.Load<TWidth, TVector>(y + j, n - j), sum);
            Partial.Store<TWidth, TVector>(sum, y + j, n - j);
        }
    }

    // Two chains per row: with four rows eight, enough for a latency of 4 at two per cycle. The order of a row's sum does not depend on
    // how many rows run together.
    [MethodImpl(Jit.Hot)]
    private static void DotRows<TWidth, TVector, TRows>(int k, float* weights, nint rowStride, float* x, float* y, nint yStride, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
    {
        var w = TWidth.Count;
        var second = TRows.Value > 1 ? weights + rowStride : weights;
        var third = TRows.Value > 1 ? weights + (2 * rowStride) : weights;
        var fourth = TRows.Value > 1 ? weights + (3 * rowStride) : weights;
        TVector a0 = TWidth.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        nint p = 0;
        for (; p <= k - (2 * w); p += 2 * w)
        {
            var x0 = TWidth.Load(x + p);
            var x1 = TWidth.Load(x + p + w);
            a0 = TWidth.MultiplyAdd(TWidth.Load(weights + p), x0, a0);
            a1 = TWidth.MultiplyAdd(TWidth.Load(weights + p + w), x1, a1);
            if (TRows.Value > 1)
            {
                b0 = TWidth.MultiplyAdd(TWidth.Load(second + p), x0, b0);
                b1 = TWidth.MultiplyAdd(TWidth.Load(second + p + w), x1, b1);
                c0 = TWidth.MultiplyAdd(TWidth.Load(third + p), x0, c0);
                c1 = TWidth.MultiplyAdd(TWidth.Load(third + p + w), x1, c1);
                d0 = TWidth.MultiplyAdd(TWidth.Load(fourth + p), x0, d0);
                d1 = TWidth.MultiplyAdd(TWidth.Load(fourth + p + w), x1, d1);
            }
        }

        // At most one full vector and one partial one remain.
        for (; p < k; p += w)
        {
            var count = (int)Math.Min(w, k - p);
            var last = Partial.Load<TWidth, TVector>(x + p, count);
            a0 = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(weights + p, count), last, a0);
            if (TRows.Value > 1)
            {
                b0 = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(second + p, count), last, b0);
                c0 = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(third + p, count), last, c0);
                d0 = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(fourth + p, count), last, d0);
            }
        }

        Put(TWidth.Sum(TWidth.Add(a0, a1)), y, accumulate);
        if (TRows.Value > 1)
        {
            Put(TWidth.Sum(TWidth.Add(b0, b1)), y + yStride, accumulate);
            Put(TWidth.Sum(TWidth.Add(c0, c1)), y + (2 * yStride), accumulate);
            Put(TWidth.Sum(TWidth.Add(d0, d1)), y + (3 * yStride), accumulate);
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Put(float sum, float* y, bool accumulate) => *y = accumulate ? *y + sum : sum;

    [MethodImpl(Jit.Inline)]
    private static void Put<TWidth, TVector>(TVector sum, float* y, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Store(accumulate ? TWidth.Add(TWidth.Load(y), sum) : sum, y);
}
