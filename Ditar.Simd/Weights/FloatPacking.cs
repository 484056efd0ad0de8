// Writes the panels of float32 and bfloat16 matrices. A cache line of inputs of each column at a time: rows whose distance is a power of two fall on
// the same cache sets, so a line must be used up before the next row's is read. Gathered columns are then turned, in squares of words, to the panel's order.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>One part of the panels of a float32 or bfloat16 matrix.</summary>
internal readonly unsafe struct FloatPacking<TRows>(PanelShape shape, TRows first, TRows second, byte* destination, int parts) : IParallelWork
    where TRows : struct, IWeightRows
{
    // Inputs; a line of bfloat16.
    private const int Strip = 32;

    // Columns of a panel at the greatest width.
    private const int MostColumns = 32;

    [MethodImpl(Jit.Hot)]
    public void Invoke(int part)
    {
        var end = (int)((long)shape.Panels * (part + 1) / parts);
        for (var panel = (int)((long)shape.Panels * part / parts); panel < end; panel++)
        {
            var to = (uint*)(destination + (panel * shape.PanelBytes));
            for (var input = 0; input < shape.Inputs; input += Strip)
            {
                var count = Math.Min(Strip, shape.Inputs - input);
                if (shape.Format == WeightFormat.Float32) PackFloats(panel, input, count, to + ((nint)input * 2 * shape.Half));
                else PackHalves(panel, input, count, to + ((nint)input * shape.Half));
            }
        }
    }

    [MethodImpl(Jit.Hot)]
    private void PackFloats(int panel, int input, int count, uint* to)
    {
        var columns = stackalloc float[MostColumns * Strip];
        for (var column = 0; column < 2 * shape.Half; column++)
        {
            var (matrix, output) = shape.Source(panel, column);
            if (output >= 0) (matrix == 0 ? first : second).Read(output, input, count, columns + (column * Strip));
        }

        Interleave.Words((uint*)columns, Strip, 2 * shape.Half, count, to);
    }

    // A word has left column j in its lower half and right column j in its upper: little-endian 16-bit places 2 j and 2 j + 1.
    [MethodImpl(Jit.Hot)]
    private void PackHalves(int panel, int input, int count, uint* to)
    {
        var words = stackalloc uint[MostColumns / 2 * Strip];
        var pair = stackalloc ushort[2 * Strip];
        for (var column = 0; column < shape.Half; column++)
        {
            for (var side = 0; side < 2; side++)
            {
                var (matrix, output) = shape.Source(panel, column + (side * shape.Half));
                if (output >= 0) (matrix == 0 ? first : second).Round(output, input, count, pair + (side * Strip));
                else new Span<ushort>(pair + (side * Strip), Strip).Clear();
            }

            for (var i = 0; i < Strip; i += Vector128<ushort>.Count)
            {
                var (left, right) = (Vector128.Load(pair + i), Vector128.Load(pair + Strip + i));
                var word = words + (column * Strip) + i;
                Vector128.Store(Vector128.WidenLower(left) | (Vector128.WidenLower(right) << 16), word);
                Vector128.Store(Vector128.WidenUpper(left) | (Vector128.WidenUpper(right) << 16), word + Vector128<uint>.Count);
            }
        }

        Interleave.Words(words, Strip, shape.Half, count, to);
    }
}
