// Writes the panels of int8 and int4 matrices from rows of integers with scales, which a source either has or makes by rounding.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ditar.Simd;

/// <summary>A matrix [outputs, inputs] of integers with one scale per row or per group of a row.</summary>
internal unsafe interface IIntegerRows
{
    /// <param name="output">The row.</param>
    /// <param name="integers">[inputs], overwritten.</param>
    /// <param name="scales">[groups], overwritten.</param>
    void Read(int output, Span<sbyte> integers, Span<float> scales);
}

/// <summary>Rounds rows of floating-point numbers.</summary>
internal readonly unsafe struct RoundedRows<TRows>(TRows rows, int group) : IIntegerRows
    where TRows : struct, IWeightRows
{
    [MethodImpl(Jit.Hot)]
    public void Read(int output, Span<sbyte> integers, Span<float> scales)
    {
        var row = new Span<float>(NativeMemory.Alloc((nuint)integers.Length, sizeof(float)), integers.Length);
        try
        {
            rows.Read(output, 0, row.Length, (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(row)));
            if (group == 0)
                scales[0] = WeightQuantizer.ToInt8(row, integers);
            else
                WeightQuantizer.ToInt4(row, group, integers, scales);
        }
        finally
        {
            NativeMemory.Free(Unsafe.AsPointer(ref MemoryMarshal.GetReference(row)));
        }
    }
}

/// <summary>Rows that were rounded ahead.</summary>
internal readonly unsafe struct StoredIntegerRows(sbyte* integers, float* scales) : IIntegerRows
{
    public void Read(int output, Span<sbyte> to, Span<float> scalesTo)
    {
        new ReadOnlySpan<sbyte>(integers + ((nint)output * to.Length), to.Length).CopyTo(to);
        new ReadOnlySpan<float>(scales + ((nint)output * scalesTo.Length), scalesTo.Length).CopyTo(scalesTo);
    }
}

/// <summary>The same with two integers to a byte: the even input in the low nibble, both as two's complement.</summary>
internal readonly unsafe struct StoredNibbleRows(byte* nibbles, float* scales) : IIntegerRows
{
    [MethodImpl(Jit.Hot)]
    public void Read(int output, Span<sbyte> to, Span<float> scalesTo)
    {
        var row = nibbles + ((nint)output * ((to.Length + 1) / 2));
        for (var i = 0; i < to.Length; i++)
            to[i] = (sbyte)((sbyte)(row[i / 2] << (i % 2 == 0 ? 4 : 0)) >> 4);
        new ReadOnlySpan<float>(scales + ((nint)output * scalesTo.Length), scalesTo.Length).CopyTo(scalesTo);
    }
}

/// <summary>One part of the panels.</summary>
internal readonly unsafe struct IntegerPacking<TRows>(PanelShape shape, TRows first, TRows second, byte* destination, int parts) : IParallelWork
    where TRows : struct, IIntegerRows
{
    private const int Columns = 2 * PanelShape.IntegerColumns;

    public void Invoke(int part)
    {
        var groups = PreparedRows.Groups(shape.Inputs, shape.Format, shape.Group);
        var padded = PreparedRows.WordsPerRow(shape.Inputs, shape.Format, shape.Group) * PanelShape.InputsPerWord;
        using var integers = new NativeBuffer((nuint)padded * Columns);
        using var scales = new NativeBuffer((nuint)groups * Columns * sizeof(float));
        var end = (int)((long)shape.Panels * (part + 1) / parts);
        for (var panel = (int)((long)shape.Panels * part / parts); panel < end; panel++)
        {
            integers.Clear();
            scales.Clear();
            for (var column = 0; column < Columns; column++)
            {
                var (matrix, output) = shape.Source(panel, column);
                if (output >= 0)
                {
                    (matrix == 0 ? first : second).Read(
                        output, new Span<sbyte>((sbyte*)integers.Pointer + ((nint)column * padded), shape.Inputs),
                        new Span<float>(scales.Floats + ((nint)column * groups), groups));
                }
            }

            if (shape.Format == WeightFormat.Int8)
                WriteInt8((sbyte*)integers.Pointer, padded, scales.Floats, destination + (panel * shape.PanelBytes));
            else
                WriteInt4((sbyte*)integers.Pointer, padded, scales.Floats, groups, destination + (panel * shape.PanelBytes));
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void WriteInt8(sbyte* integers, int padded, float* scales, byte* to)
    {
        var starts = (int*)to + Columns;
        var words = (int*)(to + Int8Panel.HeaderBytes);
        for (var column = 0; column < Columns; column++)
        {
            ((float*)to)[column] = scales[column];
            var row = (int*)(integers + ((nint)column * padded));
            var sum = 0;
            for (var step = 0; step < padded / PanelShape.InputsPerWord; step++)
            {
                var word = row[step];
                words[((nint)step * Columns) + column] = word;
                sum += (sbyte)word + (sbyte)(word >> 8) + (sbyte)(word >> 16) + (sbyte)(word >> 24);
            }

            // sum of w q = sum of w (q + 128) - 128 sum of w
            starts[column] = IntegerForms.Unsigned ? -128 * sum : 0;
        }
    }

    [MethodImpl(Jit.Hot)]
    private void WriteInt4(sbyte* integers, int padded, float* scales, int groups, byte* to)
    {
        const int Half = PanelShape.IntegerColumns, Offsets = Int4Panel.Offset * 0x01010101;
        var steps = shape.Group / PanelShape.InputsPerWord;
        for (var group = 0; group < groups; group++, to += Int4Panel.GroupBytes(shape.Group))
        {
            var words = (int*)(to + Int4Panel.HeaderBytes);
            for (var column = 0; column < Columns; column++)
                ((float*)to)[column] = scales[((nint)column * groups) + group];
            for (var column = 0; column < Half; column++)
            {
                var left = (int*)(integers + ((nint)column * padded)) + ((nint)group * steps);
                var right = (int*)(integers + ((nint)(column + Half) * padded)) + ((nint)group * steps);
                // w + 8 for w in -8..7 is the low nibble of w with its highest bit flipped; four at once.
                for (var step = 0; step < steps; step++)
                    words[(step * Half) + column] = ((left[step] & 0x0F0F0F0F) ^ Offsets) | (((right[step] & 0x0F0F0F0F) ^ Offsets) << 4);
            }
        }
    }
}
