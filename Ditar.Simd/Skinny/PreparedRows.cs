// Rows of activations in the order that the tiles of a skinny product read them: made once, used for every product that has these rows as input.
// Rows are cut into equal blocks of at most a tile's rows. Within a block the values of one input stand side by side, [inputs, rows of the block],
// so that a tile's broadcasts walk through memory in order. For quantised weights each row is rounded to 8 bits with one scale, largest magnitude
// / 127, and four inputs make a word: [words, rows of the block]. How they are computed is in RowPreparation.

namespace Ditar.Simd;

/// <summary>[rows, inputs] arranged for <see cref="PackedMatrix.Multiply"/>. A view of memory that the caller owns; valid as long as that is.</summary>
public readonly unsafe struct PreparedRows
{
    private PreparedRows(int rows, int inputs, WeightFormat format, int group, byte* memory)
    {
        (Rows, Inputs, Format, Group) = (rows, inputs, format, group);
        Memory = memory;
    }

    /// <summary>Rows of activations.</summary>
    public int Rows { get; }

    /// <summary>Values per row.</summary>
    public int Inputs { get; }

    /// <summary>The format of weights that these rows fit; <see cref="WeightFormat.Float32"/> and <see cref="WeightFormat.BFloat16"/> take the same.</summary>
    public WeightFormat Format { get; }

    /// <summary>Inputs that share a scale in the weights, where those have groups.</summary>
    public int Group { get; }

    /// <summary>Floats [block: inputs, rows of the block].</summary>
    internal byte* Memory { get; }

    /// <summary>[rows]: what a row's integers are to be multiplied with; null for float32.</summary>
    internal float* Scales => PanelShape.IsInteger(Format) ? (float*)Memory : null;

    /// <summary>[block: groups, rows of the block]: starting sums, -8 times the sum of a group's integers, for weights that are stored with 8 added.</summary>
    internal int* Starts => (int*)(Memory + ScaleBytes(Rows));

    /// <summary>[block: words, rows of the block, words per step].</summary>
    internal int* Words => (int*)(Memory + ScaleBytes(Rows) + StartBytes(Rows, Inputs, Format, Group));

    /// <summary>Bytes that the rows take once prepared.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="format">The weights' format.</param>
    /// <param name="group">Inputs per scale of the weights, for <see cref="WeightFormat.Int4"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the group is neither 32 nor 64.</exception>
    public static nuint BytesFor(int rows, int inputs, WeightFormat format, int group = PackedMatrix.DefaultGroup)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        _ = new PanelShape(0, inputs, false, format, group);
        if (!PanelShape.IsInteger(format))
            return checked((nuint)rows * (nuint)inputs * sizeof(float));
        var words = (nuint)WordsPerRow(inputs, format, group) * (nuint)IntegerForms.WordsPerStep;
        return checked((nuint)ScaleBytes(rows) + (nuint)StartBytes(rows, inputs, format, group) + ((nuint)rows * words * sizeof(int)));
    }

    /// <summary>Prepares rows as they are.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="x">[rows, inputs] with the row stride that follows.</param>
    /// <param name="xRowStride">Elements between rows of x.</param>
    /// <param name="format">The format of the weights that they will meet.</param>
    /// <param name="memory">At least <see cref="BytesFor"/> bytes, 64-byte aligned; must not overlap x.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <param name="group">Inputs per scale of the weights, for <see cref="WeightFormat.Int4"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the group is neither 32 nor 64.</exception>
    /// <remarks>A row with NaN or an infinity among its values has NaN products with quantised weights.</remarks>
    public static PreparedRows Make(
        int rows, int inputs, float* x, nint xRowStride, WeightFormat format, void* memory, WorkerPool? pool = null, int group = PackedMatrix.DefaultGroup) =>
        MakeNormalized(rows, inputs, x, xRowStride, null, 0, format, memory, pool, group);

    /// <summary>Prepares rows after a root-mean-square norm: x * gain / sqrt(mean(x^2) + epsilon).</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="x">[rows, inputs] with the row stride that follows.</param>
    /// <param name="xRowStride">Elements between rows of x.</param>
    /// <param name="gain">[inputs], or null for no norm.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="format">The format of the weights that they will meet.</param>
    /// <param name="memory">At least <see cref="BytesFor"/> bytes, 64-byte aligned; must not overlap x.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <param name="group">Inputs per scale of the weights, for <see cref="WeightFormat.Int4"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the group is neither 32 nor 64.</exception>
    public static PreparedRows MakeNormalized(
        int rows, int inputs, float* x, nint xRowStride, float* gain, float epsilon, WeightFormat format, void* memory, WorkerPool? pool = null,
        int group = PackedMatrix.DefaultGroup)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        _ = new PanelShape(0, inputs, false, format, group);
        var prepared = new PreparedRows(rows, inputs, format, group, (byte*)memory);
        RowPreparation.Run(in prepared, x, xRowStride, gain, epsilon, pool);
        return prepared;
    }

    /// <summary>Groups of a row, whose last may be padded; 1 where there are none.</summary>
    internal static int Groups(int inputs, WeightFormat format, int group) => format == WeightFormat.Int4 ? Int4Panel.Groups(inputs, group) : 1;

    /// <summary>Steps of four inputs, padding included.</summary>
    internal static int WordsPerRow(int inputs, WeightFormat format, int group) =>
        format == WeightFormat.Int4 ? Int4Panel.Groups(inputs, group) * group / PanelShape.InputsPerWord : Int8Panel.Steps(inputs);

    private static nint ScaleBytes(int rows) => RoundUp((nint)rows * sizeof(float));

    private static nint StartBytes(int rows, int inputs, WeightFormat format, int group) =>
        format == WeightFormat.Int4 ? RoundUp((nint)rows * Groups(inputs, format, group) * sizeof(int)) : 0;

    private static nint RoundUp(nint bytes) => (bytes + NativeBuffer.Alignment - 1) & -NativeBuffer.Alignment;
}
