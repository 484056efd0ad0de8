// The loops of a skinny product with int8 or int4 weights; as in FloatProduct, panel after panel, the next one fetched meanwhile. A panel of int8
// weights is a quarter of a float32 one and stays in the first-level cache for the second block of rows where it has up to 2,000 inputs.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal readonly unsafe struct IntegerProduct<TWeights>(SkinnyOperands operands) : IParallelWork
    where TWeights : IIntegerWeights
{
    public void Invoke(int part)
    {
        switch (IntegerForms.Best)
        {
            case IntegerForm.Vnni:
                Panels<VnniForm, Vector256<int>, Width256, Vector256<float>>(part);
                break;
            case IntegerForm.ArmDot:
                Panels<ArmDotForm, Vector128<int>, Width128, Vector128<float>>(part);
                break;
            case IntegerForm.Pairs256:
                Panels<PairsForm256, Vector256<int>, Width256, Vector256<float>>(part);
                break;
            default:
                Panels<PairsForm128, Vector128<int>, Width128, Vector128<float>>(part);
                break;
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Panels<TForm, TVector, TWidth, TFloats>(int part)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
        where TWidth : IWidth<TFloats>
        where TFloats : unmanaged
    {
        const int Half = PanelShape.IntegerColumns, MostRows = 6, Line = NativeBuffer.Alignment / sizeof(float);
        var storage = stackalloc float[(2 * Half * MostRows) + Line];
        var tile = (float*)(((nint)storage + NativeBuffer.Alignment - 1) & -NativeBuffer.Alignment);
        var (rows, shape) = (operands.X.Rows, operands.Shape);
        var blocks = RowBlocks.Count(rows, shape.Format);
        var steps = PreparedRows.WordsPerRow(shape.Inputs, shape.Format, shape.Group) * (PanelShape.IntegerColumns / TForm.Count);
        var panels = new AheadOfPanels(in operands, part, (nint)steps * blocks, NativeBuffer.Alignment);
        var ahead = default(Ahead);
        while (operands.Queue.TryTake(part, out var panel, out var following, out var end))
        {
            var weights = operands.Panels + (panel * shape.PanelBytes);
            panels.Enter(panel, following, end, ref ahead);
            for (var block = 0; block < blocks; block++)
            {
                var row = RowBlocks.Start(rows, blocks, block);
                var count = RowBlocks.Start(rows, blocks, block + 1) - row;
                if (TWeights.Nibbles)
                    Groups<TForm, TVector>(row, count, weights, ref ahead, tile);
                else
                    Single<TForm, TVector>(row, count, weights, ref ahead, tile);
                operands.Finish<TWidth, TFloats>(panel, row, count, tile);
            }
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Single<TForm, TVector>(int row, int rows, byte* panel, ref Ahead ahead, float* tile)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
    {
        var steps = Int8Panel.Steps(operands.Shape.Inputs);
        var x = operands.X.Words + ((nint)row * steps * TForm.WordsPerStep);
        var scales = (float*)panel;
        var starts = (int*)(scales + (2 * PanelShape.IntegerColumns));
        for (var column = 0; column < PanelShape.IntegerColumns; column += TForm.Count)
        {
            var weights = panel + Int8Panel.HeaderBytes + (column * PanelShape.InputsPerWord);
            Rows<TForm, TVector>(
                rows, steps, x, weights, starts + column, scales + column, ref ahead, tile + column, first: true);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Groups<TForm, TVector>(int row, int rows, byte* panel, ref Ahead ahead, float* tile)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
    {
        var (groups, steps) = (Int4Panel.Groups(operands.Shape.Inputs, operands.Shape.Group), operands.Shape.Group / PanelShape.InputsPerWord);
        var groupBytes = Int4Panel.GroupBytes(operands.Shape.Group);
        var x = operands.X.Words + ((nint)row * groups * steps * TForm.WordsPerStep);
        var starts = operands.X.Starts + ((nint)row * groups);
        for (var group = 0; group < groups; group++)
        {
            for (var column = 0; column < PanelShape.IntegerColumns; column += TForm.Count)
            {
                var weights = panel + Int4Panel.HeaderBytes + (column * PanelShape.InputsPerWord);
                Rows<TForm, TVector>(rows, steps, x, weights, starts, (float*)panel + column, ref ahead, tile + column, group == 0);
            }

            x += steps * rows * TForm.WordsPerStep;
            starts += rows;
            panel += groupBytes;
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Rows<TForm, TVector>(
        int rows, int steps, int* x, byte* weights, int* starts, float* scale, ref Ahead ahead, float* tile, bool first)
        where TForm : IIntegerForm<TVector>
        where TVector : unmanaged
    {
        switch (rows)
        {
            case 1:
                IntegerTile.Add<TForm, TVector, One, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            case 2:
                IntegerTile.Add<TForm, TVector, Two, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            case 3:
                IntegerTile.Add<TForm, TVector, Three, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            case 4:
                IntegerTile.Add<TForm, TVector, Four, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            case 5:
                IntegerTile.Add<TForm, TVector, Five, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            case 6:
                IntegerTile.Add<TForm, TVector, Six, TWeights>(steps, x, weights, starts, scale, ref ahead, tile, first);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"A tile of quantised weights has 1 to 6 rows, not {rows}.");
        }
    }
}
