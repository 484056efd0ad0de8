// Rows of activations in the order that the tiles of a skinny product read them: made once, used for every product that has these rows as input.
// Rows are cut into equal blocks of at most a tile's rows. Within a block the values of one input stand side by side, [inputs, rows of the block],
// so that a tile's broadcasts walk through memory in order.

namespace Ditar.Simd;

/// <summary>[rows, inputs] arranged for <see cref="PackedMatrix.Multiply"/>. A view of memory that the caller owns; valid as long as that is.</summary>
public readonly unsafe struct PreparedRows
{
    private PreparedRows(int rows, int inputs, WeightFormat format, void* memory)
    {
        Rows = rows;
        Inputs = inputs;
        Format = format;
        Memory = memory;
    }

    /// <summary>Rows of activations.</summary>
    public int Rows { get; }

    /// <summary>Values per row.</summary>
    public int Inputs { get; }

    /// <summary>The format of weights that these rows fit; <see cref="WeightFormat.Float32"/> and <see cref="WeightFormat.BFloat16"/> take the same.</summary>
    public WeightFormat Format { get; }

    internal void* Memory { get; }

    /// <summary>Bytes that the rows take once prepared.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="format">The weights' format.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static nuint BytesFor(int rows, int inputs, WeightFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        return checked((nuint)rows * (nuint)inputs * sizeof(float));
    }

    /// <summary>Prepares rows as they are.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="x">[rows, inputs] with the row stride that follows.</param>
    /// <param name="xRowStride">Elements between rows of x.</param>
    /// <param name="format">The format of the weights that they will meet.</param>
    /// <param name="memory">At least <see cref="BytesFor"/> bytes, 64-byte aligned; must not overlap x.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    public static PreparedRows Make(int rows, int inputs, float* x, nint xRowStride, WeightFormat format, void* memory, WorkerPool? pool = null) =>
        Make(rows, inputs, x, xRowStride, null, 0, format, memory, pool);

    /// <summary>Prepares rows after a root-mean-square norm: x * gain / sqrt(mean(x^2) + epsilon).</summary>
    /// <param name="rows">How many.</param>
    /// <param name="inputs">Values per row.</param>
    /// <param name="x">[rows, inputs] with the row stride that follows.</param>
    /// <param name="xRowStride">Elements between rows of x.</param>
    /// <param name="gain">[inputs].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="format">The format of the weights that they will meet.</param>
    /// <param name="memory">At least <see cref="BytesFor"/> bytes, 64-byte aligned; must not overlap x.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    public static PreparedRows MakeNormalized(
        int rows, int inputs, float* x, nint xRowStride, float* gain, float epsilon, WeightFormat format, void* memory, WorkerPool? pool = null) =>
        Make(rows, inputs, x, xRowStride, gain, epsilon, format, memory, pool);

    private static PreparedRows Make(
        int rows, int inputs, float* x, nint xRowStride, float* gain, float epsilon, WeightFormat format, void* memory, WorkerPool? pool)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        _ = pool;
        var to = (float*)memory;
        for (var row = 0; row < rows; row++)
        {
            var from = x + (row * xRowStride);
            var factor = 1.0;
            if (gain != null)
            {
                var square = 0.0;
                for (var i = 0; i < inputs; i++)
                    square += (double)from[i] * from[i];
                factor = 1 / Math.Sqrt((square / inputs) + epsilon);
            }

            for (var i = 0; i < inputs; i++)
                to[((nint)row * inputs) + i] = gain != null ? (float)(from[i] * factor * gain[i]) : from[i];
        }

        return new PreparedRows(rows, inputs, format, memory);
    }
}
