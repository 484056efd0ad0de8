// A weight matrix in the order in which the tiles of a skinny product read it. Packed once at load, then only read.

using Ditar.Reference.Kernels;

namespace Ditar.Simd;

/// <summary>An immutable weight matrix [outputs, inputs], shared between sessions; any number of threads may multiply with it at once.</summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    private readonly NativeBuffer _memory;

    private PackedMatrix(int outputs, int inputs, bool gated, WeightFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outputs);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        if (format != WeightFormat.Float32)
            throw new NotSupportedException($"Weights can be packed as Float32 only, not as {format}.");
        Outputs = outputs;
        Inputs = inputs;
        Gated = gated;
        Format = format;
        _memory = new NativeBuffer(checked((nuint)outputs * (nuint)inputs * sizeof(float) * (gated ? 2u : 1u)));
    }

    /// <summary>Values per row of a product.</summary>
    public int Outputs { get; }

    /// <summary>Values per row of activations.</summary>
    public int Inputs { get; }

    /// <summary>Whether the product is silu(x gate^T) * (x up^T).</summary>
    public bool Gated { get; }

    /// <summary>How the weights are stored.</summary>
    public WeightFormat Format { get; }

    /// <summary>Bytes of memory held.</summary>
    public long Bytes => (long)_memory.Bytes;

    /// <summary>Packs a matrix.</summary>
    /// <param name="outputs">Rows of the weight.</param>
    /// <param name="inputs">Columns of the weight.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="format">How to store it.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public static PackedMatrix Pack(int outputs, int inputs, ReadOnlySpan<float> weight, WeightFormat format, WorkerPool? pool = null)
    {
        CheckLength(outputs, inputs, weight.Length, nameof(weight));
        var matrix = new PackedMatrix(outputs, inputs, false, format);
        weight.CopyTo(new Span<float>(matrix._memory.Floats, weight.Length));
        return matrix;
    }

    /// <summary>Packs the two matrices of a gated product, silu(x gate^T) * (x up^T), as one.</summary>
    /// <param name="outputs">Rows of each weight.</param>
    /// <param name="inputs">Columns of each weight.</param>
    /// <param name="gate">[outputs, inputs].</param>
    /// <param name="up">[outputs, inputs].</param>
    /// <param name="format">How to store them.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static PackedMatrix PackGated(
        int outputs, int inputs, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, WeightFormat format, WorkerPool? pool = null)
    {
        CheckLength(outputs, inputs, gate.Length, nameof(gate));
        CheckLength(outputs, inputs, up.Length, nameof(up));
        var matrix = new PackedMatrix(outputs, inputs, true, format);
        gate.CopyTo(new Span<float>(matrix._memory.Floats, gate.Length));
        up.CopyTo(new Span<float>(matrix._memory.Floats + gate.Length, up.Length));
        return matrix;
    }

    /// <summary>y = epilogue(x W^T), for a gated matrix epilogue(silu(x gate^T) * (x up^T)).</summary>
    /// <param name="x">[rows, inputs], prepared for this format.</param>
    /// <param name="epilogue">Applied to each value before it is stored.</param>
    /// <param name="y">[rows, outputs] with the row stride that follows; must not overlap the prepared rows.</param>
    /// <param name="yRowStride">Elements between rows of y.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The result has the same bits either way.</param>
    /// <exception cref="ArgumentException">The rows were prepared for other weights.</exception>
    public void Multiply(in PreparedRows x, in Epilogue epilogue, float* y, nint yRowStride, WorkerPool? pool = null)
    {
        if (x.Inputs != Inputs || x.Format != Format)
            throw new ArgumentException($"Rows have {x.Inputs} values for {x.Format} weights, the matrix takes {Inputs} and is {Format}.", nameof(x));
        _ = pool;
        var values = (float*)x.Memory;
        for (var row = 0; row < x.Rows; row++)
        {
            for (var j = 0; j < Outputs; j++)
            {
                var (left, right) = (0.0, 0.0);
                for (var i = 0; i < Inputs; i++)
                {
                    left += (double)values[((nint)row * Inputs) + i] * _memory.Floats[((nint)j * Inputs) + i];
                    if (Gated)
                        right += (double)values[((nint)row * Inputs) + i] * _memory.Floats[((nint)(Outputs + j) * Inputs) + i];
                }

                if (epilogue.Bias != null)
                    left += epilogue.Bias[j];
                var value = epilogue.Scale * (Gated ? left / (1 + Math.Exp(-left)) * right : epilogue.Activation switch
                {
                    Activation.Gelu => left / (1 + Math.Exp(-PlainKernels.GeluSlope * (left + (PlainKernels.GeluCubic * left * left * left)))),
                    Activation.Silu => left / (1 + Math.Exp(-left)),
                    _ => left,
                });
                if (epilogue.Residual != null)
                    value += epilogue.Residual[(row * epilogue.ResidualRowStride) + j];
                y[(row * yRowStride) + j] = (float)value;
            }
        }
    }

    /// <summary>Frees the weights. No product may be running.</summary>
    public void Dispose() => _memory.Dispose();

    private static void CheckLength(int outputs, int inputs, int length, string name)
    {
        if (outputs < 0 || inputs < 0 || length != (long)outputs * inputs)
            throw new ArgumentException($"{name} is [{outputs}, {inputs}]: that is {(long)outputs * inputs} elements, the span has {length}.", name);
    }
}
