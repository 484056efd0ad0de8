// Writes the panels of float32 and bfloat16 matrices. Sixteen inputs (a cache line of a float32 row) of each column at a time: rows whose
// distance is a power of two fall on the same cache sets, so a line must be used up before the next row's is read.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>One part of the panels of a float32 or bfloat16 matrix.</summary>
internal readonly unsafe struct FloatPacking<TRows>(PanelShape shape, TRows first, TRows second, byte* destination, int parts) : IParallelWork
    where TRows : struct, IWeightRows
{
    private const int Strip = 16;

    [MethodImpl(Jit.Hot)]
    public void Invoke(int part)
    {
        var end = (int)((long)shape.Panels * (part + 1) / parts);
        for (var panel = (int)((long)shape.Panels * part / parts); panel < end; panel++)
        {
            var to = destination + (panel * shape.PanelBytes);
            for (var input = 0; input < shape.Inputs; input += Strip)
                PackStrip(panel, input, Math.Min(Strip, shape.Inputs - input), to);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void PackStrip(int panel, int input, int count, byte* to)
    {
        var values = stackalloc float[Strip];
        var half = shape.Half;
        for (var column = 0; column < 2 * half; column++)
        {
            var (matrix, output) = shape.Source(panel, column);
            if (output >= 0)
                (matrix == 0 ? first : second).Read(output, input, count, values);
            else
                new Span<float>(values, Strip).Clear();
            if (shape.Format == WeightFormat.Float32)
            {
                var floats = (float*)to + ((nint)input * 2 * half) + column;
                for (var i = 0; i < count; i++)
                    floats[i * 2 * half] = values[i];
            }
            else
            {
                // Left column j is the lower half of lane j, right column j the upper half: little-endian 16-bit places 2 j and 2 j + 1.
                var halves = (ushort*)to + ((nint)input * 2 * half) + (2 * (column % half)) + (column / half);
                for (var i = 0; i < count; i++)
                    halves[i * 2 * half] = BFloat16Bits.FromSingle(values[i]);
            }
        }
    }
}
