// The innermost piece of a product with few rows: a tile of up to 14 rows by one panel (two vectors of columns), held in registers while all
// inputs pass. Per input: two vectors of weights are loaded (and expanded, where they are stored shorter), each row broadcasts one value and
// does two fused multiply-adds. With 14 rows that is 28 multiply-adds (14 cycles at two per cycle) for 16 loads (8 cycles), and 28 accumulators,
// 2 vectors of weights and 1 broadcast fit 32 registers. From 4 rows on there are enough chains to hide a latency of 4 at two per cycle;
// with fewer, memory is the limit anyway. Each sum is one chain over the inputs in order: a row's bits do not depend on the rows beside it.
// Meanwhile the panel that comes next is asked for, a little with every input, so that memory is never idle.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class SkinnyTile
{
    /// <summary>tile[r, j] = sum over i of x[i, r] * panel[i, j], for TRows rows and two vectors of columns.</summary>
    /// <param name="inputs">Length of the sum.</param>
    /// <param name="x">[inputs, TRows].</param>
    /// <param name="panel">[inputs, 2 vectors] as TPanel stores them.</param>
    /// <param name="ahead">What will be needed next.</param>
    /// <param name="tile">[TRows, 2 vectors].</param>
    [MethodImpl(Jit.Hot)]
    public static void Multiply<TWidth, TVector, TRows, TPanel>(int inputs, float* x, byte* panel, ref Ahead ahead, float* tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TPanel : IFloatPanel
    {
        var step = TPanel.StepBytes(TWidth.Count);
        var width = TWidth.Count;
        TVector a0 = TWidth.Zero, b0 = a0;
        TVector a1 = TWidth.Zero, b1 = a1;
        TVector a2 = TWidth.Zero, b2 = a2;
        TVector a3 = TWidth.Zero, b3 = a3;
        TVector a4 = TWidth.Zero, b4 = a4;
        TVector a5 = TWidth.Zero, b5 = a5;
        TVector a6 = TWidth.Zero, b6 = a6;
        TVector a7 = TWidth.Zero, b7 = a7;
        TVector a8 = TWidth.Zero, b8 = a8;
        TVector a9 = TWidth.Zero, b9 = a9;
        TVector a10 = TWidth.Zero, b10 = a10;
        TVector a11 = TWidth.Zero, b11 = a11;
        TVector a12 = TWidth.Zero, b12 = a12;
        TVector a13 = TWidth.Zero, b13 = a13;
        var (distance, back) = (ahead.Distance, ahead.Back);
        var next = ahead.Next;
        var end = ahead.End;
        for (; inputs > 0; inputs--)
        {
            Cache.PrefetchFar(next);
            if (step > NativeBuffer.Alignment)
                Cache.PrefetchFar(next + NativeBuffer.Alignment);
            next += distance;
            if (next >= end)
                next += back;
            TPanel.Load<TWidth, TVector>(panel, out var left, out var right);
            var value = TWidth.Broadcast(x[0]);
            a0 = TWidth.MultiplyAdd(value, left, a0);
            b0 = TWidth.MultiplyAdd(value, right, b0);
            if (TRows.Value > 1)
            {
                value = TWidth.Broadcast(x[1]);
                a1 = TWidth.MultiplyAdd(value, left, a1);
                b1 = TWidth.MultiplyAdd(value, right, b1);
            }

            if (TRows.Value > 2)
            {
                value = TWidth.Broadcast(x[2]);
                a2 = TWidth.MultiplyAdd(value, left, a2);
                b2 = TWidth.MultiplyAdd(value, right, b2);
            }

            if (TRows.Value > 3)
            {
                value = TWidth.Broadcast(x[3]);
                a3 = TWidth.MultiplyAdd(value, left, a3);
                b3 = TWidth.MultiplyAdd(value, right, b3);
            }

            if (TRows.Value > 4)
            {
                value = TWidth.Broadcast(x[4]);
                a4 = TWidth.MultiplyAdd(value, left, a4);
                b4 = TWidth.MultiplyAdd(value, right, b4);
            }

            if (TRows.Value > 5)
            {
                value = TWidth.Broadcast(x[5]);
                a5 = TWidth.MultiplyAdd(value, left, a5);
                b5 = TWidth.MultiplyAdd(value, right, b5);
            }

            if (TRows.Value > 6)
            {
                value = TWidth.Broadcast(x[6]);
                a6 = TWidth.MultiplyAdd(value, left, a6);
                b6 = TWidth.MultiplyAdd(value, right, b6);
            }

            if (TRows.Value > 7)
            {
                value = TWidth.Broadcast(x[7]);
                a7 = TWidth.MultiplyAdd(value, left, a7);
                b7 = TWidth.MultiplyAdd(value, right, b7);
            }

            if (TRows.Value > 8)
            {
                value = TWidth.Broadcast(x[8]);
                a8 = TWidth.MultiplyAdd(value, left, a8);
                b8 = TWidth.MultiplyAdd(value, right, b8);
            }

            if (TRows.Value > 9)
            {
                value = TWidth.Broadcast(x[9]);
                a9 = TWidth.MultiplyAdd(value, left, a9);
                b9 = TWidth.MultiplyAdd(value, right, b9);
            }

            if (TRows.Value > 10)
            {
                value = TWidth.Broadcast(x[10]);
                a10 = TWidth.MultiplyAdd(value, left, a10);
                b10 = TWidth.MultiplyAdd(value, right, b10);
            }

            if (TRows.Value > 11)
            {
                value = TWidth.Broadcast(x[11]);
                a11 = TWidth.MultiplyAdd(value, left, a11);
                b11 = TWidth.MultiplyAdd(value, right, b11);
            }

            if (TRows.Value > 12)
            {
                value = TWidth.Broadcast(x[12]);
                a12 = TWidth.MultiplyAdd(value, left, a12);
                b12 = TWidth.MultiplyAdd(value, right, b12);
            }

            if (TRows.Value > 13)
            {
                value = TWidth.Broadcast(x[13]);
                a13 = TWidth.MultiplyAdd(value, left, a13);
                b13 = TWidth.MultiplyAdd(value, right, b13);
            }

            x += TRows.Value;
            panel += step;
        }

        ahead.Next = next;
        Put<TWidth, TVector>(a0, b0, tile);
        if (TRows.Value > 1)
            Put<TWidth, TVector>(a1, b1, tile += 2 * width);
        if (TRows.Value > 2)
            Put<TWidth, TVector>(a2, b2, tile += 2 * width);
        if (TRows.Value > 3)
            Put<TWidth, TVector>(a3, b3, tile += 2 * width);
        if (TRows.Value > 4)
            Put<TWidth, TVector>(a4, b4, tile += 2 * width);
        if (TRows.Value > 5)
            Put<TWidth, TVector>(a5, b5, tile += 2 * width);
        if (TRows.Value > 6)
            Put<TWidth, TVector>(a6, b6, tile += 2 * width);
        if (TRows.Value > 7)
            Put<TWidth, TVector>(a7, b7, tile += 2 * width);
        if (TRows.Value > 8)
            Put<TWidth, TVector>(a8, b8, tile += 2 * width);
        if (TRows.Value > 9)
            Put<TWidth, TVector>(a9, b9, tile += 2 * width);
        if (TRows.Value > 10)
            Put<TWidth, TVector>(a10, b10, tile += 2 * width);
        if (TRows.Value > 11)
            Put<TWidth, TVector>(a11, b11, tile += 2 * width);
        if (TRows.Value > 12)
            Put<TWidth, TVector>(a12, b12, tile += 2 * width);
        if (TRows.Value > 13)
            Put<TWidth, TVector>(a13, b13, tile += 2 * width);
    }

    [MethodImpl(Jit.Inline)]
    private static void Put<TWidth, TVector>(TVector left, TVector right, float* tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TWidth.Store(left, tile);
        TWidth.Store(right, tile + TWidth.Count);
    }
}
