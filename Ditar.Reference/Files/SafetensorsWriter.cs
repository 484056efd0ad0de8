// Collects tensors and writes them as one safetensors file, atomically. The memory handed over is read when the file is written, not before.
// Layout: header padded with spaces to a multiple of 8; tensors by falling element size, so that each is aligned to its own elements.
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ditar.Reference.Files;

public sealed class SafetensorsWriter
{
    private const int ChunkElements = 4096;

    private readonly List<Item> items = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    private delegate void ContentWriter(Stream stream);

    /// <summary>Free text pairs for the header.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds a tensor stored as F32, F16 or BF16, rounded to nearest, ties to even.</summary>
    /// <param name="shape">Its product must be the number of values.</param>
    /// <exception cref="ArgumentException">The name is taken, the shape does not fit, or the type is another.</exception>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values, SafetensorsType type = SafetensorsType.F32)
    {
        ContentWriter write = type switch
        {
            SafetensorsType.F32 => stream => WriteRaw(stream, values),
            SafetensorsType.F16 => stream => WriteHalf(stream, values.Span),
            SafetensorsType.BF16 => stream => WriteBFloat16(stream, values.Span),
            _ => throw new ArgumentException($"Floats are stored as F32, F16 or BF16, not as {type.HeaderName()}.", nameof(type)),
        };
        Add(name, shape, values.Length, type, write);
    }

    /// <summary>Adds a tensor stored as F64.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlySpan{long}, ReadOnlyMemory{float}, SafetensorsType)"/>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<double> values) =>
        Add(name, shape, values.Length, SafetensorsType.F64, stream => WriteRaw(stream, values));

    /// <summary>Adds a tensor stored as I64.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlySpan{long}, ReadOnlyMemory{float}, SafetensorsType)"/>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<long> values) =>
        Add(name, shape, values.Length, SafetensorsType.I64, stream => WriteRaw(stream, values));

    /// <summary>Adds a tensor stored as I8.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlySpan{long}, ReadOnlyMemory{float}, SafetensorsType)"/>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<sbyte> values) =>
        Add(name, shape, values.Length, SafetensorsType.I8, stream => WriteRaw(stream, values));

    /// <summary>Adds a tensor stored as U8.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlySpan{long}, ReadOnlyMemory{float}, SafetensorsType)"/>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> values) =>
        Add(name, shape, values.Length, SafetensorsType.U8, stream => WriteRaw(stream, values));

    /// <summary>Adds a tensor stored as I32.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlySpan{long}, ReadOnlyMemory{float}, SafetensorsType)"/>
    public void Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<int> values) =>
        Add(name, shape, values.Length, SafetensorsType.I32, stream => WriteRaw(stream, values));

    /// <summary>Adds a tensor whose elements are written, little-endian and row-major, when the file is: it may be larger than memory.</summary>
    /// <exception cref="ArgumentException">The name is taken or a size is negative.</exception>
    public void Add(string name, ReadOnlySpan<long> shape, SafetensorsType type, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Add(name, shape, null, type, stream => write(stream));
    }

    /// <summary>Creates or replaces the file (see <see cref="AtomicFile"/>).</summary>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public void Save(string path) => AtomicFile.Write(path, WriteTo);

    /// <summary>Writes the file's content to a stream.</summary>
    public void WriteTo(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Weights are written as they lie in memory and need a little-endian machine.");
        var ordered = items.OrderByDescending(item => item.Type.ByteSize()).ToArray();       // stable: else in the order of Add
        var header = Header(ordered);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var item in ordered)
            item.Write(stream);
    }

    private byte[] Header(Item[] ordered)
    {
        var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in Metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var item in ordered)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.Type.HeaderName());
                WriteNumbers(json, "shape", item.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset += item.ByteLength]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % sizeof(ulong) != 0)
            header.WriteByte((byte)' ');
        if (header.Length > SafetensorsHeader.MaximumBytes)
            throw new InvalidOperationException($"The header of {ordered.Length} tensors takes {header.Length} bytes, more than {SafetensorsHeader.MaximumBytes}.");
        return header.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void WriteRaw<T>(Stream stream, ReadOnlyMemory<T> values)
        where T : struct
    {
        // In pieces, because the bytes of a large span may be more than a span can count.
        for (var rest = values.Span; !rest.IsEmpty; rest = rest[Math.Min(ChunkElements, rest.Length)..])
            stream.Write(MemoryMarshal.AsBytes(rest[..Math.Min(ChunkElements, rest.Length)]));
    }

    private static void WriteHalf(Stream stream, ReadOnlySpan<float> values)
    {
        Span<Half> chunk = stackalloc Half[ChunkElements];
        for (var rest = values; !rest.IsEmpty; rest = rest[Math.Min(ChunkElements, rest.Length)..])
        {
            var part = rest[..Math.Min(ChunkElements, rest.Length)];
            TensorPrimitives.ConvertToHalf(part, chunk);
            stream.Write(MemoryMarshal.AsBytes(chunk[..part.Length]));
        }
    }

    private static void WriteBFloat16(Stream stream, ReadOnlySpan<float> values)
    {
        Span<ushort> chunk = stackalloc ushort[ChunkElements];
        for (var rest = values; !rest.IsEmpty; rest = rest[Math.Min(ChunkElements, rest.Length)..])
        {
            var part = rest[..Math.Min(ChunkElements, rest.Length)];
            for (var i = 0; i < part.Length; i++)
                chunk[i] = BFloat16.FromSingle(part[i]);
            stream.Write(MemoryMarshal.AsBytes(chunk[..part.Length]));
        }
    }

    private void Add(string name, ReadOnlySpan<long> shape, long? count, SafetensorsType type, ContentWriter write)
    {
        ArgumentNullException.ThrowIfNull(name);
        long product = 1;
        foreach (var size in shape)
            product = size < 0 ? throw new ArgumentException($"Tensor {name}: negative size in {CheckpointException.Shape(shape.ToArray())}.", nameof(shape)) : checked(product * size);
        if (count is not null && product != count)
            throw new ArgumentException($"Tensor {name}: shape {CheckpointException.Shape(shape.ToArray())} has {product} elements, the values are {count}.", nameof(shape));
        if (name == "__metadata__" || !names.Add(name))
            throw new ArgumentException($"Tensor {name}: the name is taken.", nameof(name));
        items.Add(new Item(name, type, shape.ToArray(), checked(product * type.ByteSize()), write));
    }

    private sealed record Item(string Name, SafetensorsType Type, long[] Shape, long ByteLength, ContentWriter Write);
}
