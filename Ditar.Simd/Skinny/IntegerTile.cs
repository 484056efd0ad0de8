// The innermost piece of a product with quantised weights: up to 6 rows by 8 columns twice, in exact 32-bit integers. Per four inputs: two
// vectors of weights, and per row one word of activations broadcast to all lanes and two dot products. AVX-VNNI's encoding reaches 16 registers:
// 12 sums, 2 vectors of weights and 1 broadcast are 15. With 6 rows that is 12 dot products (6 cycles at two per cycle) for 8 loads.
// Where weights have groups, each group's sum is scaled into float32 before the next begins: int8 is one single group.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>Whether weights are bytes or nibbles, as a type.</summary>
internal interface IIntegerWeights
{
    static abstract bool Nibbles { get; }
}

internal readonly struct Bytes : IIntegerWeights
{
    public static bool Nibbles => false;
}

internal readonly struct Nibbles : IIntegerWeights
{
    static bool IIntegerWeights.Nibbles => true;
}

internal static unsafe class IntegerTile
{
    /// <summary>Adds one group's products: tile[r, j] = (first ? 0 : tile[r, j]) + scale[j] * (start + sum over i of x[i, r] * weight[i, j]).</summary>
    /// <param name="steps">Inputs of the group, in fours.</param>
    /// <param name="x">[steps, TRows, words per step].</param>
    /// <param name="weights">[steps, 16 columns, 4 inputs], at the first column of the left vector.</param>
    /// <param name="starts">Starting sums: for bytes [16] one per column, at the left vector; for nibbles [TRows] one per row.</param>
    /// <param name="scale">[16], at the left vector.</param>
    /// <param name="ahead">What will be needed next.</param>
    /// <param name="tile">[TRows, 16], at the left vector.</param>
    /// <param name="first">Whether the tile's contents are to be ignored.</param>
    [MethodImpl(Jit.Hot)]
    public static void Add<TForm, TVector, TRows, TWeights>(
        int steps, int* x, byte* weights, int* starts, float* scale, ref Ahead ahead, float* tile, bool first)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TWeights : IIntegerWeights
    {
        const int Half = PanelShape.IntegerColumns;
        var stepBytes = TWeights.Nibbles ? Int4Panel.StepBytes : Int8Panel.StepBytes;
        var (distance, back) = (ahead.Distance, ahead.Back);
        var next = ahead.Next;
        var end = ahead.End;
        TVector a0, b0;
        if (TWeights.Nibbles)
        {
            a0 = b0 = TForm.Broadcast(starts[0]);
        }
        else
        {
            a0 = TForm.Load(starts);
            b0 = TForm.Load(starts + Half);
        }

        TVector a1 = a0, b1 = b0;
        TVector a2 = a0, b2 = b0;
        TVector a3 = a0, b3 = b0;
        TVector a4 = a0, b4 = b0;
        TVector a5 = a0, b5 = b0;
        if (TWeights.Nibbles)
        {
            if (TRows.Value > 1)
                a1 = b1 = TForm.Broadcast(starts[1]);
            if (TRows.Value > 2)
                a2 = b2 = TForm.Broadcast(starts[2]);
            if (TRows.Value > 3)
                a3 = b3 = TForm.Broadcast(starts[3]);
            if (TRows.Value > 4)
                a4 = b4 = TForm.Broadcast(starts[4]);
            if (TRows.Value > 5)
                a5 = b5 = TForm.Broadcast(starts[5]);
        }

        for (; steps > 0; steps--)
        {
            Cache.PrefetchFar(next);
            next += distance;
            if (next >= end)
                next += back;
            TVector left0, left1, right0, right1;
            if (TWeights.Nibbles)
                TForm.LoadInt4(weights, out left0, out left1, out right0, out right1);
            else
                TForm.LoadInt8(weights, weights + (Half * PanelShape.InputsPerWord), out left0, out left1, out right0, out right1);
            var x0 = TForm.Broadcast(x[0]);
            var x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[1]) : x0;
            a0 = Dot<TForm, TVector, TWeights>(a0, left0, left1, x0, x1);
            b0 = Dot<TForm, TVector, TWeights>(b0, right0, right1, x0, x1);
            if (TRows.Value > 1)
            {
                x0 = TForm.Broadcast(x[1 * TForm.WordsPerStep]);
                x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[(1 * TForm.WordsPerStep) + 1]) : x0;
                a1 = Dot<TForm, TVector, TWeights>(a1, left0, left1, x0, x1);
                b1 = Dot<TForm, TVector, TWeights>(b1, right0, right1, x0, x1);
            }

            if (TRows.Value > 2)
            {
                x0 = TForm.Broadcast(x[2 * TForm.WordsPerStep]);
                x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[(2 * TForm.WordsPerStep) + 1]) : x0;
                a2 = Dot<TForm, TVector, TWeights>(a2, left0, left1, x0, x1);
                b2 = Dot<TForm, TVector, TWeights>(b2, right0, right1, x0, x1);
            }

            if (TRows.Value > 3)
            {
                x0 = TForm.Broadcast(x[3 * TForm.WordsPerStep]);
                x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[(3 * TForm.WordsPerStep) + 1]) : x0;
                a3 = Dot<TForm, TVector, TWeights>(a3, left0, left1, x0, x1);
                b3 = Dot<TForm, TVector, TWeights>(b3, right0, right1, x0, x1);
            }

            if (TRows.Value > 4)
            {
                x0 = TForm.Broadcast(x[4 * TForm.WordsPerStep]);
                x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[(4 * TForm.WordsPerStep) + 1]) : x0;
                a4 = Dot<TForm, TVector, TWeights>(a4, left0, left1, x0, x1);
                b4 = Dot<TForm, TVector, TWeights>(b4, right0, right1, x0, x1);
            }

            if (TRows.Value > 5)
            {
                x0 = TForm.Broadcast(x[5 * TForm.WordsPerStep]);
                x1 = TForm.WordsPerStep > 1 ? TForm.Broadcast(x[(5 * TForm.WordsPerStep) + 1]) : x0;
                a5 = Dot<TForm, TVector, TWeights>(a5, left0, left1, x0, x1);
                b5 = Dot<TForm, TVector, TWeights>(b5, right0, right1, x0, x1);
            }

            x += TRows.Value * TForm.WordsPerStep;
            weights += stepBytes;
        }

        ahead.Next = next;
        Put<TForm, TVector>(a0, b0, scale, tile, first);
        if (TRows.Value > 1)
            Put<TForm, TVector>(a1, b1, scale, tile + (1 * 2 * Half), first);
        if (TRows.Value > 2)
            Put<TForm, TVector>(a2, b2, scale, tile + (2 * 2 * Half), first);
        if (TRows.Value > 3)
            Put<TForm, TVector>(a3, b3, scale, tile + (3 * 2 * Half), first);
        if (TRows.Value > 4)
            Put<TForm, TVector>(a4, b4, scale, tile + (4 * 2 * Half), first);
        if (TRows.Value > 5)
            Put<TForm, TVector>(a5, b5, scale, tile + (5 * 2 * Half), first);
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Dot<TForm, TVector, TWeights>(TVector sum, TVector weights0, TVector weights1, TVector x0, TVector x1)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
        where TWeights : IIntegerWeights => TWeights.Nibbles
            ? TForm.DotInt4(sum, weights0, weights1, x0, x1)
            : TForm.DotInt8(sum, weights0, weights1, x0, x1);

    [MethodImpl(Jit.Inline)]
    private static void Put<TForm, TVector>(TVector left, TVector right, float* scale, float* tile, bool first)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
    {
        TForm.AddScaled(left, scale, tile, first);
        TForm.AddScaled(right, scale + PanelShape.IntegerColumns, tile + PanelShape.IntegerColumns, first);
    }
}
