// An initialiser: a weight, a table or a list of extents. Weights are written straight from the model's memory, rounded to float16 on the way if asked.

using System.Runtime.InteropServices;
using Ditar.Reference;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Ditar.Parity.OnnxFiles;

/// <summary>The numbers are those of onnx.proto's TensorProto.DataType.</summary>
internal enum TensorType
{
    Float = 1,
    Int8 = 3,
    Int64 = 7,
    Float16 = 10,
}

internal sealed class Initializer
{
    private const int ChunkElements = 1 << 14;
    private readonly Action<Stream> write;

    private Initializer(string name, TensorType type, IReadOnlyList<long> shape, long byteLength, Action<Stream> write)
    {
        (Name, Type, Shape, ByteLength) = (name, type, shape, byteLength);
        this.write = write;
    }

    public string Name { get; }

    public TensorType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    public long ByteLength { get; }

    public static Initializer Of(string name, ReadOnlySpan<long> values, bool isScalar = false)
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        return new Initializer(name, TensorType.Int64, isScalar ? [] : [values.Length], bytes.Length, stream => stream.Write(bytes));
    }

    public static Initializer Of(string name, ReadOnlySpan<sbyte> values, params ReadOnlySpan<long> shape)
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        return new Initializer(name, TensorType.Int8, shape.ToArray(), bytes.Length, stream => stream.Write(bytes));
    }

    public static Initializer Scalar(string name, float value)
    {
        var bytes = BitConverter.GetBytes(value);
        return new Initializer(name, TensorType.Float, [], bytes.Length, stream => stream.Write(bytes));
    }

    /// <param name="tensor">Float32; read when it is written.</param>
    public static Initializer Of(string name, Tensor tensor, bool half = false)
    {
        long[] shape = [.. tensor.Shape.ToArray().Select(extent => (long)extent)];
        return half
            ? new Initializer(name, TensorType.Float16, shape, (long)tensor.Count * 2, stream => WriteHalf(stream, tensor.Values<float>()))
            : new Initializer(name, TensorType.Float, shape, (long)tensor.Count * sizeof(float), stream => WriteSingle(stream, tensor.Values<float>()));
    }

    public void WriteTo(Stream stream) => write(stream);

    private static void WriteSingle(Stream stream, ReadOnlySpan<float> values)
    {
        for (; !values.IsEmpty; values = values[Math.Min(ChunkElements, values.Length)..])
            stream.Write(MemoryMarshal.AsBytes(values[..Math.Min(ChunkElements, values.Length)]));
    }

    private static void WriteHalf(Stream stream, ReadOnlySpan<float> values)
    {
        var chunk = new Half[ChunkElements];
        for (; !values.IsEmpty; values = values[Math.Min(ChunkElements, values.Length)..])
        {
            var part = values[..Math.Min(ChunkElements, values.Length)];
            TensorPrimitives.ConvertToHalf(part, chunk);
            stream.Write(MemoryMarshal.AsBytes(chunk.AsSpan(0, part.Length)));
        }
    }
}
