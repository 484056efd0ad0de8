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

    public static PackedLinear Pack(Linear layer, WeightFormat format, WorkerPool? pool) =>
        new(PackedMatrix.Pack(layer.Weight[0], layer.Weight[1], Singles(layer.Weight), format, pool), Vector(layer.Bias));

    /// <summary>Several layers without biases that read the same rows, as one product: their outputs side by side.</summary>
    public static PackedLinear PackTogether(ReadOnlySpan<Linear> layers, WeightFormat format, WorkerPool? pool)
    {
        var (inputs, outputs) = (layers[0].Weight[1], 0);
        foreach (var layer in layers)
        {
            if (layer.Bias is not null || layer.Weight[1] != inputs)
                throw new ArgumentException($"Layers that become one product have no biases and {inputs} inputs, found {layer.Weight}.", nameof(layers));
            outputs += layer.Weight[0];
        }

        using var all = new NativeBuffer(checked((nuint)outputs * (nuint)inputs * sizeof(float)));
        var values = new Span<float>(all.Pointer, checked(outputs * inputs));
        var written = 0;
        foreach (var layer in layers)
        {
            Singles(layer.Weight).CopyTo(values[written..]);
            written += layer.Weight.Count;
        }

        return new PackedLinear(PackedMatrix.Pack(outputs, inputs, values, format, pool), null);
    }

    /// <summary>silu(gate x) * (up x) as one product.</summary>
    public static PackedLinear PackGated(Linear gate, Linear up, WeightFormat format, WorkerPool? pool) =>
        new(PackedMatrix.PackGated(up.Weight[0], up.Weight[1], Singles(gate.Weight), Singles(up.Weight), format, pool), null);

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

    private static ReadOnlySpan<float> Singles(Tensor values) => values.To(ElementType.Float32).Values<float>();
}
