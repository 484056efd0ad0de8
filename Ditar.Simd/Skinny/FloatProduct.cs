// The loops of a skinny product with float32 or bfloat16 weights. Panel after panel, each for all rows before the next: the weights, by far the
// largest operand, come from memory once. Meanwhile the panels that come next are fetched into the second-level cache, evenly (18 rows by two vectors
// take 18 cycles per input, in which 128 bytes arrive): arithmetic and memory never wait for each other's turn.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly unsafe struct FloatProduct<TPanel>(SkinnyOperands operands) : IParallelWork
    where TPanel : IFloatPanel
{
    public void Invoke(int part) => Vectors.Run(new Part(operands, part));

    private readonly struct Part(SkinnyOperands operands, int part) : IVectorWork
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            const int Line = NativeBuffer.Alignment / sizeof(float);
            var storage = stackalloc float[(2 * TWidth.Count * TWidth.SkinnyRows) + Line];
            var tile = (float*)(((nint)storage + NativeBuffer.Alignment - 1) & -NativeBuffer.Alignment);
            var (rows, inputs) = (operands.X.Rows, operands.Shape.Inputs);
            var x = (float*)operands.X.Memory;
            var blocks = RowBlocks.Count(rows, operands.Shape.Format);
            var bytes = operands.Shape.PanelBytes;
            var perStep = Math.Max(TPanel.StepBytes(TWidth.Count), NativeBuffer.Alignment);
            var panels = new AheadOfPanels(in operands, part, (nint)inputs * blocks, perStep);
            var ahead = default(Ahead);
            while (operands.Queue.TryTake(part, out var panel, out var following, out var end))
            {
                var weights = operands.Panels + (panel * bytes);
                panels.Enter(panel, following, end, ref ahead);
                for (var block = 0; block < blocks; block++)
                {
                    var row = RowBlocks.Start(rows, blocks, block);
                    var count = RowBlocks.Start(rows, blocks, block + 1) - row;
                    Tile<TWidth, TVector>(count, inputs, x + ((nint)row * inputs), weights, ref ahead, tile);
                    operands.Finish<TWidth, TVector>(panel, row, count, tile);
                }
            }
        }

        private static void Tile<TWidth, TVector>(int rows, int inputs, float* x, byte* panel, ref Ahead ahead, float* tile)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            switch (rows)
            {
                case 1:
                    SkinnyTile.Multiply<TWidth, TVector, One, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 2:
                    SkinnyTile.Multiply<TWidth, TVector, Two, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 3:
                    SkinnyTile.Multiply<TWidth, TVector, Three, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 4:
                    SkinnyTile.Multiply<TWidth, TVector, Four, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 5:
                    SkinnyTile.Multiply<TWidth, TVector, Five, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 6:
                    SkinnyTile.Multiply<TWidth, TVector, Six, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 7:
                    SkinnyTile.Multiply<TWidth, TVector, Seven, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 8:
                    SkinnyTile.Multiply<TWidth, TVector, Eight, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 9:
                    SkinnyTile.Multiply<TWidth, TVector, Nine, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 10:
                    SkinnyTile.Multiply<TWidth, TVector, Ten, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 11:
                    SkinnyTile.Multiply<TWidth, TVector, Eleven, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 12:
                    SkinnyTile.Multiply<TWidth, TVector, Twelve, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 13:
                    SkinnyTile.Multiply<TWidth, TVector, Thirteen, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                case 14:
                    SkinnyTile.Multiply<TWidth, TVector, Fourteen, TPanel>(inputs, x, panel, ref ahead, tile);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException($"A tile has 1 to 14 rows, not {rows}.");
            }
        }
    }
}
