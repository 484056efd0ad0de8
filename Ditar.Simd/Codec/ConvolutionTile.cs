// The innermost piece of a convolution: a tile of outputs, up to 12 steps by one or two vectors of channels, held in registers while the sum over taps
// and input channels runs. Like GemmTile, with three differences that pay where sums are short: taps that do not lie side by side (dilation) are runs of
// the same sum, not products of their own; bias and residual are added before the tile is stored; nothing is prefetched, for the panels are read in order.
// Each output is one chain over taps and channels in order, then + bias, then + residual: its bits do not depend on which tile shape computed it.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class ConvolutionTile
{
    /// <summary>y[r, o] = sum over s, i of x[r, s * segmentStride + i] * b[s * steps + i, o] + bias[o] + residual[r, o].</summary>
    /// <param name="segments">Runs of the sum.</param>
    /// <param name="segmentStride">Elements of x between runs.</param>
    /// <param name="steps">Terms of a run.</param>
    /// <param name="x">TRows rows, <paramref name="xRowStride"/> apart; they may overlap.</param>
    /// <param name="b">[segments * steps, TVectors * lanes], contiguous.</param>
    /// <param name="bias">[TVectors * lanes].</param>
    /// <param name="residual">Null for none; may be y.</param>
    /// <param name="y">TRows rows of TVectors * lanes.</param>
    [MethodImpl(Jit.Hot)]
    public static void Run<TWidth, TVector, TRows, TVectors>(
        int segments, nint segmentStride, int steps, float* x, nint xRowStride, float* b, float* bias,
        float* residual, nint residualRowStride, float* y, nint yRowStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount
    {
        var lanes = TWidth.Count;

        // Three rows share a base register: base, base + stride, base + 2 * stride are all single addressing modes.
        var twoRows = 2 * xRowStride;
        var back = segmentStride - steps;
        var x3 = x + (3 * xRowStride);
        var x6 = x3 + (3 * xRowStride);
        var x9 = x6 + (3 * xRowStride);
        TVector y00 = TWidth.Zero, y01 = TWidth.Zero;
        TVector y10 = TWidth.Zero, y11 = TWidth.Zero;
        TVector y20 = TWidth.Zero, y21 = TWidth.Zero;
        TVector y30 = TWidth.Zero, y31 = TWidth.Zero;
        TVector y40 = TWidth.Zero, y41 = TWidth.Zero;
        TVector y50 = TWidth.Zero, y51 = TWidth.Zero;
        TVector y60 = TWidth.Zero, y61 = TWidth.Zero;
        TVector y70 = TWidth.Zero, y71 = TWidth.Zero;
        TVector y80 = TWidth.Zero, y81 = TWidth.Zero;
        TVector y90 = TWidth.Zero, y91 = TWidth.Zero;
        TVector y100 = TWidth.Zero, y101 = TWidth.Zero;
        TVector y110 = TWidth.Zero, y111 = TWidth.Zero;
        for (; segments > 0; segments--)
        {
            for (var i = steps; i > 0; i--)
            {
                var b0 = TWidth.Load(b);
                var b1 = TVectors.Value > 1 ? TWidth.Load(b + lanes) : b0;
                var value = TWidth.Broadcast(*x);
                y00 = TWidth.MultiplyAdd(value, b0, y00);
                if (TVectors.Value > 1)
                    y01 = TWidth.MultiplyAdd(value, b1, y01);

                if (TRows.Value > 1)
                {
                    value = TWidth.Broadcast(x[xRowStride]);
                    y10 = TWidth.MultiplyAdd(value, b0, y10);
                    if (TVectors.Value > 1)
                        y11 = TWidth.MultiplyAdd(value, b1, y11);
                }

                if (TRows.Value > 2)
                {
                    value = TWidth.Broadcast(x[twoRows]);
                    y20 = TWidth.MultiplyAdd(value, b0, y20);
                    if (TVectors.Value > 1)
                        y21 = TWidth.MultiplyAdd(value, b1, y21);
                }

                if (TRows.Value > 3)
                {
                    value = TWidth.Broadcast(*x3);
                    y30 = TWidth.MultiplyAdd(value, b0, y30);
                    if (TVectors.Value > 1)
                        y31 = TWidth.MultiplyAdd(value, b1, y31);
                }

                if (TRows.Value > 4)
                {
                    value = TWidth.Broadcast(x3[xRowStride]);
                    y40 = TWidth.MultiplyAdd(value, b0, y40);
                    if (TVectors.Value > 1)
                        y41 = TWidth.MultiplyAdd(value, b1, y41);
                }

                if (TRows.Value > 5)
                {
                    value = TWidth.Broadcast(x3[twoRows]);
                    y50 = TWidth.MultiplyAdd(value, b0, y50);
                    if (TVectors.Value > 1)
                        y51 = TWidth.MultiplyAdd(value, b1, y51);
                }

                if (TRows.Value > 6)
                {
                    value = TWidth.Broadcast(*x6);
                    y60 = TWidth.MultiplyAdd(value, b0, y60);
                    if (TVectors.Value > 1)
                        y61 = TWidth.MultiplyAdd(value, b1, y61);
                }

                if (TRows.Value > 7)
                {
                    value = TWidth.Broadcast(x6[xRowStride]);
                    y70 = TWidth.MultiplyAdd(value, b0, y70);
                    if (TVectors.Value > 1)
                        y71 = TWidth.MultiplyAdd(value, b1, y71);
                }

                if (TRows.Value > 8)
                {
                    value = TWidth.Broadcast(x6[twoRows]);
                    y80 = TWidth.MultiplyAdd(value, b0, y80);
                    if (TVectors.Value > 1)
                        y81 = TWidth.MultiplyAdd(value, b1, y81);
                }

                if (TRows.Value > 9)
                {
                    value = TWidth.Broadcast(*x9);
                    y90 = TWidth.MultiplyAdd(value, b0, y90);
                    if (TVectors.Value > 1)
                        y91 = TWidth.MultiplyAdd(value, b1, y91);
                }

                if (TRows.Value > 10)
                {
                    value = TWidth.Broadcast(x9[xRowStride]);
                    y100 = TWidth.MultiplyAdd(value, b0, y100);
                    if (TVectors.Value > 1)
                        y101 = TWidth.MultiplyAdd(value, b1, y101);
                }

                if (TRows.Value > 11)
                {
                    value = TWidth.Broadcast(x9[twoRows]);
                    y110 = TWidth.MultiplyAdd(value, b0, y110);
                    if (TVectors.Value > 1)
                        y111 = TWidth.MultiplyAdd(value, b1, y111);
                }

                x++;
                x3++;
                x6++;
                x9++;
                b += TVectors.Value * lanes;
            }

            x += back;
            x3 += back;
            x6 += back;
            x9 += back;
        }

        var first = TWidth.Load(bias);
        var second = TVectors.Value > 1 ? TWidth.Load(bias + lanes) : first;
        Put<TWidth, TVector, TVectors>(y00, y01, first, second, residual, y);
        if (TRows.Value > 1)
            Put<TWidth, TVector, TVectors>(y10, y11, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 2)
            Put<TWidth, TVector, TVectors>(y20, y21, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 3)
            Put<TWidth, TVector, TVectors>(y30, y31, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 4)
            Put<TWidth, TVector, TVectors>(y40, y41, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 5)
            Put<TWidth, TVector, TVectors>(y50, y51, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 6)
            Put<TWidth, TVector, TVectors>(y60, y61, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 7)
            Put<TWidth, TVector, TVectors>(y70, y71, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 8)
            Put<TWidth, TVector, TVectors>(y80, y81, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 9)
            Put<TWidth, TVector, TVectors>(y90, y91, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 10)
            Put<TWidth, TVector, TVectors>(y100, y101, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
        if (TRows.Value > 11)
            Put<TWidth, TVector, TVectors>(y110, y111, first, second, residual = Next(residual, residualRowStride), y += yRowStride);
    }

    [MethodImpl(Jit.Inline)]
    private static float* Next(float* residual, nint stride) => residual == null ? null : residual + stride;

    [MethodImpl(Jit.Inline)]
    private static void Put<TWidth, TVector, TVectors>(TVector left, TVector right, TVector first, TVector second, float* residual, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        left = TWidth.Add(left, first);
        if (TVectors.Value > 1)
            right = TWidth.Add(right, second);
        if (residual != null)
        {
            left = TWidth.Add(TWidth.Load(residual), left);
            if (TVectors.Value > 1)
                right = TWidth.Add(TWidth.Load(residual + TWidth.Count), right);
        }

        TWidth.Store(left, y);
        if (TVectors.Value > 1)
            TWidth.Store(right, y + TWidth.Count);
    }
}
