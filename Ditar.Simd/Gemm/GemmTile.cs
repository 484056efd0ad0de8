// The innermost piece of the matrix product: a tile of C, up to 12 rows by one or two vectors, held in registers while k runs.
// Per step of k: two vectors of B are loaded, each row broadcasts one value of A and does two fused multiply-adds. With 12 rows that is
// 24 multiply-adds (12 cycles at two per cycle) for 14 loads (7 cycles at two per cycle), and 24 chains hide a latency of 4 x 2.
// Each element of C is one chain over k in order, so its bits do not depend on which tile shape computed it.
// One body serves every shape: row and vector counts are type arguments, and the compiler drops the rows that a shape has not.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class GemmTile
{
    /// <summary>Steps of k after which <c>aheadTurn</c> is added to the address of the prefetching.</summary>
    public const int AheadPeriod = 16;

    /// <summary>c[r, j] = (accumulate ? c[r, j] : 0) + sum over p of a[r, p] * b[p, j], for TRows rows and TVectors vectors of columns.</summary>
    /// <param name="k">Length of the sum.</param>
    /// <param name="a">[TRows, k] with the two strides that follow, in elements.</param>
    /// <param name="b">[k, TVectors * lanes], each row contiguous.</param>
    /// <param name="c">[TRows, TVectors * lanes], each row contiguous.</param>
    /// <param name="ahead">What will be needed next: prefetched one line per step, <paramref name="aheadStep"/> elements apart, with
    /// <paramref name="aheadTurn"/> more every <see cref="AheadPeriod"/> steps. Any address is allowed.</param>
    [MethodImpl(Jit.Hot)]
    public static void Multiply<TWidth, TVector, TRows, TVectors>(
        int k, float* a, nint aRowStride, nint aColumnStride, float* b, nint bRowStride, float* c, nint cRowStride, bool accumulate,
        float* ahead, nint aheadStep, nint aheadTurn)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount
    {
        // Three rows share a base register: base, base + stride, base + 2 * stride are all single addressing modes.
        var twoRows = 2 * aRowStride;
        var a3 = a + (3 * aRowStride);
        var a6 = a3 + (3 * aRowStride);
        var a9 = a6 + (3 * aRowStride);
        var lanes = TWidth.Count;
        TVector c00 = TWidth.Zero, c01 = TWidth.Zero;
        TVector c10 = TWidth.Zero, c11 = TWidth.Zero;
        TVector c20 = TWidth.Zero, c21 = TWidth.Zero;
        TVector c30 = TWidth.Zero, c31 = TWidth.Zero;
        TVector c40 = TWidth.Zero, c41 = TWidth.Zero;
        TVector c50 = TWidth.Zero, c51 = TWidth.Zero;
        TVector c60 = TWidth.Zero, c61 = TWidth.Zero;
        TVector c70 = TWidth.Zero, c71 = TWidth.Zero;
        TVector c80 = TWidth.Zero, c81 = TWidth.Zero;
        TVector c90 = TWidth.Zero, c91 = TWidth.Zero;
        TVector c100 = TWidth.Zero, c101 = TWidth.Zero;
        TVector c110 = TWidth.Zero, c111 = TWidth.Zero;
        // The tile of C comes from far away more often than not; ask for it now and it is there when the sum is done.
        var row = c;
        for (var r = 0; r < TRows.Value; r++, row += cRowStride)
        {
            Cache.PrefetchNear(row);
            Cache.PrefetchNear(row + (TVectors.Value * lanes) - 1);
            if (TVectors.Value * lanes > 16)
                Cache.PrefetchNear(row + 16);
        }

        // A cache line of 16 values per row and 16 steps: in that time the line of the rows that come next is asked for, one row per step.
        while (k > 0)
        {
            var steps = Math.Min(k, AheadPeriod);
            k -= steps;
            for (; steps > 0; steps--)
            {
                Cache.PrefetchFar(ahead);
                ahead += aheadStep;
                var b0 = TWidth.Load(b);
                var b1 = TVectors.Value > 1 ? TWidth.Load(b + lanes) : b0;
                var x = TWidth.Broadcast(*a);
                c00 = TWidth.MultiplyAdd(x, b0, c00);
                if (TVectors.Value > 1)
                    c01 = TWidth.MultiplyAdd(x, b1, c01);

                if (TRows.Value > 1)
                {
                    x = TWidth.Broadcast(a[aRowStride]);
                    c10 = TWidth.MultiplyAdd(x, b0, c10);
                    if (TVectors.Value > 1)
                        c11 = TWidth.MultiplyAdd(x, b1, c11);
                }

                if (TRows.Value > 2)
                {
                    x = TWidth.Broadcast(a[twoRows]);
                    c20 = TWidth.MultiplyAdd(x, b0, c20);
                    if (TVectors.Value > 1)
                        c21 = TWidth.MultiplyAdd(x, b1, c21);
                }

                if (TRows.Value > 3)
                {
                    x = TWidth.Broadcast(*a3);
                    c30 = TWidth.MultiplyAdd(x, b0, c30);
                    if (TVectors.Value > 1)
                        c31 = TWidth.MultiplyAdd(x, b1, c31);
                }

                if (TRows.Value > 4)
                {
                    x = TWidth.Broadcast(a3[aRowStride]);
                    c40 = TWidth.MultiplyAdd(x, b0, c40);
                    if (TVectors.Value > 1)
                        c41 = TWidth.MultiplyAdd(x, b1, c41);
                }

                if (TRows.Value > 5)
                {
                    x = TWidth.Broadcast(a3[twoRows]);
                    c50 = TWidth.MultiplyAdd(x, b0, c50);
                    if (TVectors.Value > 1)
                        c51 = TWidth.MultiplyAdd(x, b1, c51);
                }

                if (TRows.Value > 6)
                {
                    x = TWidth.Broadcast(*a6);
                    c60 = TWidth.MultiplyAdd(x, b0, c60);
                    if (TVectors.Value > 1)
                        c61 = TWidth.MultiplyAdd(x, b1, c61);
                }

                if (TRows.Value > 7)
                {
                    x = TWidth.Broadcast(a6[aRowStride]);
                    c70 = TWidth.MultiplyAdd(x, b0, c70);
                    if (TVectors.Value > 1)
                        c71 = TWidth.MultiplyAdd(x, b1, c71);
                }

                if (TRows.Value > 8)
                {
                    x = TWidth.Broadcast(a6[twoRows]);
                    c80 = TWidth.MultiplyAdd(x, b0, c80);
                    if (TVectors.Value > 1)
                        c81 = TWidth.MultiplyAdd(x, b1, c81);
                }

                if (TRows.Value > 9)
                {
                    x = TWidth.Broadcast(*a9);
                    c90 = TWidth.MultiplyAdd(x, b0, c90);
                    if (TVectors.Value > 1)
                        c91 = TWidth.MultiplyAdd(x, b1, c91);
                }

                if (TRows.Value > 10)
                {
                    x = TWidth.Broadcast(a9[aRowStride]);
                    c100 = TWidth.MultiplyAdd(x, b0, c100);
                    if (TVectors.Value > 1)
                        c101 = TWidth.MultiplyAdd(x, b1, c101);
                }

                if (TRows.Value > 11)
                {
                    x = TWidth.Broadcast(a9[twoRows]);
                    c110 = TWidth.MultiplyAdd(x, b0, c110);
                    if (TVectors.Value > 1)
                        c111 = TWidth.MultiplyAdd(x, b1, c111);
                }

                a += aColumnStride;
                a3 += aColumnStride;
                a6 += aColumnStride;
                a9 += aColumnStride;
                b += bRowStride;
            }

            ahead += aheadTurn;
        }

        Put<TWidth, TVector, TVectors>(c00, c01, c, accumulate);
        if (TRows.Value > 1)
            Put<TWidth, TVector, TVectors>(c10, c11, c += cRowStride, accumulate);
        if (TRows.Value > 2)
            Put<TWidth, TVector, TVectors>(c20, c21, c += cRowStride, accumulate);
        if (TRows.Value > 3)
            Put<TWidth, TVector, TVectors>(c30, c31, c += cRowStride, accumulate);
        if (TRows.Value > 4)
            Put<TWidth, TVector, TVectors>(c40, c41, c += cRowStride, accumulate);
        if (TRows.Value > 5)
            Put<TWidth, TVector, TVectors>(c50, c51, c += cRowStride, accumulate);
        if (TRows.Value > 6)
            Put<TWidth, TVector, TVectors>(c60, c61, c += cRowStride, accumulate);
        if (TRows.Value > 7)
            Put<TWidth, TVector, TVectors>(c70, c71, c += cRowStride, accumulate);
        if (TRows.Value > 8)
            Put<TWidth, TVector, TVectors>(c80, c81, c += cRowStride, accumulate);
        if (TRows.Value > 9)
            Put<TWidth, TVector, TVectors>(c90, c91, c += cRowStride, accumulate);
        if (TRows.Value > 10)
            Put<TWidth, TVector, TVectors>(c100, c101, c += cRowStride, accumulate);
        if (TRows.Value > 11)
            Put<TWidth, TVector, TVectors>(c110, c111, c += cRowStride, accumulate);
    }

    [MethodImpl(Jit.Inline)]
    private static void Put<TWidth, TVector, TVectors>(TVector left, TVector right, float* c, bool accumulate)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        if (accumulate)
        {
            left = TWidth.Add(TWidth.Load(c), left);
            if (TVectors.Value > 1)
                right = TWidth.Add(TWidth.Load(c + TWidth.Count), right);
        }

        TWidth.Store(left, c);
        if (TVectors.Value > 1)
            TWidth.Store(right, c + TWidth.Count);
    }
}
