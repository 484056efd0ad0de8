// A linear layer's packed weight and its bias; and the small vectors (gains, biases) in native memory, where kernels read them.

using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Simd;

internal sealed unsafe class PackedLinear : IDisposable
{
    private readonly NativeBuffer? _bias;

    private PackedLinear(PackedMatrix weight, NativeBuffer? bias) => (Weight, _bias) = (weight, bias);

    public PackedMatrix Weight { get; }

    /// <summary>[outputs], or null.</summary>
    public float* Bias => _bias is null ? null : _bias.Floats;

    public long Bytes => Weight.Bytes + (long)(_bias?.Bytes ?? 0);

    public static PackedLinear Pack(Linear layer, WeightFormat format, WorkerPool? pool) => new(Together([layer], format, pool), Vector(layer.Bias));

    /// <summary>Several layers without biases that read the same rows, as one product: their outputs side by side.</summary>
    public static PackedLinear PackTogether(ReadOnlySpan<Linear> layers, WeightFormat format, WorkerPool? pool)
    {
        foreach (var layer in layers)
        {
            if (layer.Bias is not null || layer.Weight[1] != layers[0].Weight[1])
                throw new ArgumentException($"Layers that become one product have no biases and {layers[0].Weight[1]} inputs, found {layer.Weight}.", nameof(layers));
        }

        return new PackedLinear(Together(layers, format, pool), null);
    }

    /// <summary>silu(gate x) * (up x) as one product.</summary>
    public static PackedLinear PackGated(Linear gate, Linear up, WeightFormat format, WorkerPool? pool)
    {
        var (outputs, inputs) = (up.Weight[0], up.Weight[1]);
        if (IntegerScratch.TryRead([gate, up], format, out var integers))
        {
            using (integers)
            {
                return new PackedLinear(
                    format == WeightFormat.Int8
                        ? PackedMatrix.PackGatedInt8(
                            outputs, inputs, integers.Bytes(0, outputs), integers.Scales(0, outputs), integers.Bytes(outputs, outputs), integers.Scales(outputs, outputs), pool)
                        : PackedMatrix.PackGatedInt4(
                            outputs, inputs, integers.Pairs(0, outputs), integers.Scales(0, outputs), integers.Pairs(outputs, outputs), integers.Scales(outputs, outputs), pool: pool),
                    null);
            }
        }

        using var rows = new WeightScratch([gate, up]);
        return new PackedLinear(
            rows.IsBFloat16
                ? PackedMatrix.PackGated(outputs, inputs, rows.Halves[..up.Weight.Count], rows.Halves[up.Weight.Count..], format, pool)
                : PackedMatrix.PackGated(outputs, inputs, rows.Singles[..up.Weight.Count], rows.Singles[up.Weight.Count..], format, pool),
            null);
    }

    /// <summary>A vector of any floating type as float32; null stays null.</summary>
    public static NativeBuffer? Vector(Tensor? values)
    {
        if (values is null)
            return null;
        var memory = new NativeBuffer((nuint)values.Count * sizeof(float));
        Singles(values).CopyTo(new Span<float>(memory.Pointer, values.Count));
        return memory;
    }

    /// <summary>The plain product with its bias, for rows that were prepared for these weights.</summary>
    public void Multiply(in PreparedRows x, float* y, nint yRowStride, WorkerPool? pool) => Multiply(in x, Activation.None, y, yRowStride, pool);

    public void Multiply(in PreparedRows x, Activation activation, float* y, nint yRowStride, WorkerPool? pool)
    {
        var epilogue = new Epilogue { Bias = Bias, Activation = activation };
        Weight.Multiply(in x, in epilogue, y, yRowStride, pool);
    }

    /// <summary>y += scale (x W^T + bias).</summary>
    public void AddTo(in PreparedRows x, float scale, float* y, nint yRowStride, WorkerPool? pool)
    {
        var epilogue = new Epilogue { Bias = Bias, Residual = y, ResidualRowStride = yRowStride, Scale = scale };
        Weight.Multiply(in x, in epilogue, y, yRowStride, pool);
    }

    public void Dispose()
    {
        Weight.Dispose();
        _bias?.Dispose();
    }

    private static PackedMatrix Together(ReadOnlySpan<Linear> layers, WeightFormat format, WorkerPool? pool)
    {
        var (outputs, inputs) = (0, layers[0].Weight[1]);
        foreach (var layer in layers) outputs += layer.Weight[0];
        if (IntegerScratch.TryRead(layers, format, out var integers))
        {
            using (integers)
            {
                return format == WeightFormat.Int8
                    ? PackedMatrix.PackInt8(outputs, inputs, integers.Bytes(0, outputs), integers.Scales(0, outputs), pool)
                    : PackedMatrix.PackInt4(outputs, inputs, integers.Pairs(0, outputs), integers.Scales(0, outputs), pool: pool);
            }
        }

        using var rows = new WeightScratch(layers);
        return rows.IsBFloat16 ? PackedMatrix.Pack(outputs, inputs, rows.Halves, format, pool) : PackedMatrix.Pack(outputs, inputs, rows.Singles, format, pool);
    }

    private static ReadOnlySpan<float> Singles(Tensor values) => values.To(ElementType.Float32).Values<float>();
}
