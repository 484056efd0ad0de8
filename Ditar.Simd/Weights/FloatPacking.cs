// Writes the panels of float32 and bfloat16 matrices. Each column of a panel is read from begin to end, as memory likes it; the columns lie side by side
// in scratch that the second-level cache holds, and are turned from there, in squares of words, to the panel's order.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>One part of the panels of a float32 or bfloat16 matrix.</summary>
internal readonly unsafe struct FloatPacking<TRows>(PanelShape shape, TRows first, TRows second, byte* destination, int parts) : IParallelWork
    where TRows : struct, IWeightRows
{
    // Words between columns: a line more than their length, which is often a power of two, so that the same places of all do not fall on one cache set.
    private int Pitch => shape.Inputs + 16;

    // A word is a float32, or two bfloat16: left column j in the lower half and right column j in the upper.
    private int WordColumns => shape.Format == WeightFormat.Float32 ? 2 * shape.Half : shape.Half;

    [MethodImpl(Jit.Hot)]
    public void Invoke(int part)
    {
        using var scratch = new NativeBuffer((nuint)WordColumns * (nuint)Pitch * sizeof(uint));
        using var pair = new NativeBuffer(2 * (nuint)Pitch * sizeof(ushort));
        var end = (int)((long)shape.Panels * (part + 1) / parts);
        for (var panel = (int)((long)shape.Panels * part / parts); panel < end; panel++)
        {
            for (var column = 0; column < WordColumns; column++)
            {
                var words = (uint*)scratch.Pointer + ((nint)column * Pitch);
                if (shape.Format == WeightFormat.Float32) Floats(panel, column, (float*)words);
                else Halves(panel, column, (ushort*)pair.Pointer, words);
            }

            Interleave.Words((uint*)scratch.Pointer, Pitch, WordColumns, shape.Inputs, (uint*)(destination + (panel * shape.PanelBytes)));
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Floats(int panel, int column, float* to)
    {
        var (matrix, output) = shape.Source(panel, column);
        if (output < 0) new Span<float>(to, shape.Inputs).Clear();
        else (matrix == 0 ? first : second).Read(output, 0, shape.Inputs, to);
    }

    [MethodImpl(Jit.Hot)]
    private void Halves(int panel, int column, ushort* pair, uint* to)
    {
        for (var side = 0; side < 2; side++)
        {
            var (matrix, output) = shape.Source(panel, column + (side * shape.Half));
            var halves = pair + (side * Pitch);
            if (output < 0) new Span<ushort>(halves, shape.Inputs).Clear();
            else (matrix == 0 ? first : second).Round(output, 0, shape.Inputs, halves);
        }

        // The last vectors reach into the pitch.
        for (var i = 0; i < shape.Inputs; i += Vector128<ushort>.Count)
        {
            var (left, right) = (Vector128.Load(pair + i), Vector128.Load(pair + Pitch + i));
            Vector128.Store(Vector128.WidenLower(left) | (Vector128.WidenLower(right) << 16), to + i);
            Vector128.Store(Vector128.WidenUpper(left) | (Vector128.WidenUpper(right) << 16), to + i + Vector128<uint>.Count);
        }
    }
}
