// How a weight matrix is cut into panels. A panel is what a tile reads from begin to end: all inputs of two vectors of columns. In a plain matrix
// both vectors are consecutive outputs; in a gated one the left vector has gate columns and the right one the same columns of up, so that a
// tile ends with both factors of silu(gate) * up. Columns beyond the last output are zeros. Panels follow one another in memory, each starts on
// a cache line, and the layout serves any number of rows.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly struct PanelShape
{
    /// <summary>Columns of one vector of an integer panel, at every width: 8 columns of 4 inputs each fill 32 bytes.</summary>
    public const int IntegerColumns = 8;

    /// <summary>Inputs that lie together in a 32-bit lane of an integer panel.</summary>
    public const int InputsPerWord = 4;

    /// <summary>255 * 127 * inputs must fit an int.</summary>
    public const int MostIntegerInputs = 65536;

    // Larger than any model's; it keeps sizes in bytes far from overflowing.
    private const int MostOutputs = 1 << 24, MostInputs = 1 << 24;

    /// <exception cref="ArgumentOutOfRangeException">A size is negative or absurdly large, or the group is not 32 or 64.</exception>
    public PanelShape(int outputs, int inputs, bool gated, WeightFormat format, int group)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outputs);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(outputs, MostOutputs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs, IsInteger(format) ? MostIntegerInputs : MostInputs);
        if (format == WeightFormat.Int4 && group is not (32 or 64))
            throw new ArgumentOutOfRangeException(nameof(group), group, "Groups have 32 or 64 inputs.");
        (Outputs, Inputs, Gated, Format, Group) = (outputs, inputs, gated, format, group);
        Half = IsInteger(format) ? IntegerColumns : Vectors.Bits / 32;
        var bytes = format switch
        {
            WeightFormat.Float32 => (long)inputs * 2 * Half * sizeof(float),
            WeightFormat.BFloat16 => (long)inputs * 2 * Half * sizeof(ushort),
            WeightFormat.Int8 => Int8Panel.BytesFor(inputs),
            WeightFormat.Int4 => Int4Panel.BytesFor(inputs, group),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format."),
        };
        PanelBytes = (nint)((bytes + NativeBuffer.Alignment - 1) & -NativeBuffer.Alignment);
        Panels = (outputs + Columns - 1) / Columns;
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public bool Gated { get; }

    public WeightFormat Format { get; }

    /// <summary>Inputs that share a scale, where there are groups.</summary>
    public int Group { get; }

    /// <summary>Columns of one of the two vectors.</summary>
    public int Half { get; }

    /// <summary>Outputs of a panel.</summary>
    public int Columns => Gated ? Half : 2 * Half;

    public int Panels { get; }

    public nint PanelBytes { get; }

    public nuint Bytes => checked((nuint)PanelBytes * (nuint)Panels);

    public static bool IsInteger(WeightFormat format) => format is WeightFormat.Int8 or WeightFormat.Int4;

    /// <summary>Whose weights stand in a column of a panel: the matrix (0, or 1 for up) and its row, or -1 for padding.</summary>
    [MethodImpl(Jit.Inline)]
    public (int Matrix, int Output) Source(int panel, int column)
    {
        var output = Gated ? (panel * Half) + (column % Half) : (panel * 2 * Half) + column;
        return (Gated && column >= Half ? 1 : 0, output < Outputs ? output : -1);
    }
}
