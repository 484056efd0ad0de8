// A file of named tensors, whatever its format: the format's reader checks everything and lists the entries, this reads their elements.
// Reading a tensor takes no memory but what the caller provides: bytes go from the system's cache of the file to where they are wanted. (Pages of a mapped
// file would count as the process's memory until the system takes them back, all of a checkpoint by the end of loading it.) Numbers are converted on the way,
// bf16 and f16 exactly. Only tensors with strides, which are read element by element, are mapped.
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ditar.Reference.Files;

public abstract class WeightFile : IDisposable
{
    // A read costs a call into the system; what was read is converted while it is in the first-level cache.
    private const int ChunkBytes = 1 << 14;

    private readonly FileStream stream;
    private readonly Lazy<StridedBytes> strided;
    private readonly Dictionary<string, WeightEntry> byName;

    /// <param name="stream">The open file; owned from here on.</param>
    /// <param name="entries">Checked: each lies inside the file and each name occurs once.</param>
    private protected WeightFile(string path, FileStream stream, IReadOnlyList<WeightEntry> entries)
    {
        Path = path;
        Entries = entries;
        byName = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        this.stream = stream;
        strided = new(() => new StridedBytes(stream));
    }

    public string Path { get; }

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<WeightEntry> Entries { get; }

    public IEnumerable<string> Names => Entries.Select(entry => entry.Name);

    public bool Contains(string name) => byName.ContainsKey(name);

    /// <exception cref="CheckpointException">The file has no such tensor.</exception>
    public WeightEntry this[string name] => byName.TryGetValue(name, out var entry)
        ? entry
        : throw new CheckpointException(Path, name, "the tensor to be in the file", $"none of this name among {Entries.Count}");

    /// <summary>The entry of a tensor that must have a certain shape.</summary>
    /// <exception cref="CheckpointException">It is missing or shaped differently.</exception>
    public WeightEntry Require(string name, params ReadOnlySpan<long> shape)
    {
        var entry = this[name];
        if (!shape.SequenceEqual(entry.Shape.ToArray()))
            throw new CheckpointException(Path, name, $"shape {CheckpointException.Shape(shape.ToArray())}", CheckpointException.Shape(entry.Shape));
        return entry;
    }

    /// <summary>Reads a tensor of F32, F16, BF16 (both exact) or F64 (rounded).</summary>
    /// <param name="destination">[count], as many elements as the tensor has, in row-major order.</param>
    /// <exception cref="CheckpointException">No such tensor, or its elements are not floating-point numbers.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void ReadFloat32(string name, Span<float> destination) => ReadFloat32(Sized(name, destination.Length), 0, destination);

    /// <summary>Reads a part of a tensor.</summary>
    /// <param name="start">First element, in row-major order.</param>
    /// <param name="destination">As many elements as it has.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    /// <inheritdoc cref="ReadFloat32(string, Span{float})"/>
    public void ReadFloat32(string name, long start, Span<float> destination)
    {
        var entry = this[name];
        if (start < 0 || start > entry.Count - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{destination.Length} elements from {start} leave tensor {name} of {entry.Count}.");
        ReadFloat32(entry, start, destination);
    }

    /// <summary>Reads a tensor of F64, F32, F16 or BF16; all exact.</summary>
    /// <inheritdoc cref="ReadFloat32(string, Span{float})"/>
    public void ReadFloat64(string name, Span<double> destination)
    {
        var entry = Sized(name, destination.Length);
        if (entry.Type == SafetensorsType.F64)
        {
            ReadElements(entry, 0, MemoryMarshal.AsBytes(destination));
            return;
        }

        Span<float> chunk = stackalloc float[ChunkBytes / sizeof(float)];
        for (var done = 0; done < destination.Length; done += chunk.Length)
        {
            var part = chunk[..Math.Min(chunk.Length, destination.Length - done)];
            ReadFloat32(entry, done, part);
            TensorPrimitives.ConvertTruncating<float, double>(part, destination[done..]);
        }
    }

    /// <summary>Reads a tensor of any integer type but U64, or BOOL as 0 and 1.</summary>
    /// <param name="destination">[count], as many elements as the tensor has, in row-major order.</param>
    /// <exception cref="CheckpointException">No such tensor, or its elements are not integers.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void ReadInt64(string name, Span<long> destination)
    {
        var entry = Sized(name, destination.Length);
        var size = entry.Type.ByteSize();
        Span<byte> element = stackalloc byte[size];
        for (var i = 0; i < destination.Length; i++)
        {
            ReadElements(entry, i, element);
            destination[i] = entry.Type switch
            {
                SafetensorsType.I64 => BinaryPrimitives.ReadInt64LittleEndian(element),
                SafetensorsType.I32 => BinaryPrimitives.ReadInt32LittleEndian(element),
                SafetensorsType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(element),
                SafetensorsType.I16 => BinaryPrimitives.ReadInt16LittleEndian(element),
                SafetensorsType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(element),
                SafetensorsType.I8 => (sbyte)element[0],
                SafetensorsType.U8 or SafetensorsType.Bool => element[0],
                _ => throw new CheckpointException(Path, name, "integers", entry.Type.HeaderName()),
            };
        }
    }

    /// <summary>Copies the bytes of a tensor's elements (little-endian), row-major.</summary>
    /// <param name="start">First byte, counted from the start of the tensor; of whole elements when the tensor has strides.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    public void ReadBytes(string name, long start, Span<byte> destination)
    {
        var entry = this[name];
        if (start < 0 || start > entry.ByteLength - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{destination.Length} bytes from {start} leave tensor {name} of {entry.ByteLength} bytes.");
        if (entry.Strides is null) Copy(entry.Offset + start, destination);
        else ReadElements(entry, start / entry.Type.ByteSize(), destination);
    }

    /// <summary>Refuses weights that no computation can survive.</summary>
    /// <exception cref="CheckpointException">An element is infinite or not a number; the message tells which.</exception>
    public void CheckFinite(string name)
    {
        var entry = this[name];
        if (entry.Type == SafetensorsType.BF16) CheckFinite<ushort>(entry, 0x7F80, (start, chunk) => ReadElements(entry, start, MemoryMarshal.AsBytes(chunk)));
        else CheckFinite<uint>(entry, 0x7F80_0000, (start, chunk) => ReadFloat32(entry, start, MemoryMarshal.Cast<uint, float>(chunk)));
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (strided.IsValueCreated) strided.Value.Dispose();
        stream.Dispose();
    }

    private protected static FileStream OpenStream(string path, string kind)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Weights are read as they lie in the file and need a little-endian machine.");
        try
        {
            // Delete is shared so that a newer checkpoint can be renamed over this one while it is in use.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, null, kind, "no file of this name", fault);
        }
    }

    private WeightEntry Sized(string name, int length)
    {
        var entry = this[name];
        if (entry.Count != length)
            throw new ArgumentException($"Tensor {name} has {entry.Count} elements {CheckpointException.Shape(entry.Shape)}, the destination {length}.");
        return entry;
    }

    // A checkpoint is read once, at the start of a process: these loops must not wait for tiers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadFloat32(WeightEntry entry, long start, Span<float> destination)
    {
        var size = entry.Type.ByteSize();
        if (entry.Type == SafetensorsType.F32)
        {
            ReadElements(entry, start, MemoryMarshal.AsBytes(destination));
            return;
        }

        Span<byte> chunk = stackalloc byte[ChunkBytes];
        for (var done = 0; done < destination.Length; done += ChunkBytes / size)
        {
            var part = destination.Slice(done, Math.Min(ChunkBytes / size, destination.Length - done));
            var bytes = chunk[..(part.Length * size)];
            ReadElements(entry, start + done, bytes);
            switch (entry.Type)
            {
                case SafetensorsType.F16:
                    TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), part);
                    break;
                case SafetensorsType.BF16:
                    var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                    Widen(halves, part);
                    break;
                case SafetensorsType.F64:
                    var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                    for (var i = 0; i < part.Length; i++)
                        part[i] = (float)doubles[i];
                    break;
                default:
                    throw new CheckpointException(Path, entry.Name, "floating-point numbers", entry.Type.HeaderName());
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ReadOnlySpan<ushort> halves, Span<float> singles)
    {
        var i = 0;
        for (; i <= halves.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out var low, out var high);
            Vector.AsVectorSingle(low << 16).CopyTo(singles[i..]);
            Vector.AsVectorSingle(high << 16).CopyTo(singles[(i + Vector<uint>.Count)..]);
        }

        for (; i < halves.Length; i++)
            singles[i] = BFloat16.ToSingle(halves[i]);
    }

    private delegate void ChunkReader<T>(long start, Span<T> chunk);

    // What is finite has an exponent below that of infinity.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CheckFinite<T>(WeightEntry entry, T exponent, ChunkReader<T> read)
        where T : unmanaged, IBinaryInteger<T>
    {
        var chunk = new T[ChunkBytes / Unsafe.SizeOf<T>()];
        for (long done = 0; done < entry.Count; done += chunk.Length)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, entry.Count - done));
            read(done, part);
            var (most, mask, i) = (Vector<T>.Zero, new Vector<T>(exponent), 0);
            for (; i <= part.Length - Vector<T>.Count; i += Vector<T>.Count)
                most = Vector.Max(most, new Vector<T>(part[i..]) & mask);
            var finite = Vector.LessThanAll(most, mask);
            for (; i < part.Length; i++)
                finite &= (part[i] & exponent) < exponent;
            if (!finite) throw NotFinite(entry, done, part.Length);
        }
    }

    private CheckpointException NotFinite(WeightEntry entry, long start, int count)
    {
        var values = new float[count];
        ReadFloat32(entry, start, values);
        var first = Array.FindIndex(values, value => !float.IsFinite(value));
        return new CheckpointException(Path, entry.Name, "finite numbers that fit a float32", $"{values[first]} at element {start + first}");
    }

    private void Copy(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(stream.SafeFileHandle, destination, offset);
            if (count == 0) throw new CheckpointException(Path, null, $"{destination.Length} more bytes at {offset}", "the end of the file, which was shortened while it was in use");
            offset += count;
            destination = destination[count..];
        }
    }

    // Elements start, start + 1, ... in row-major order.
    private void ReadElements(WeightEntry entry, long start, Span<byte> destination)
    {
        var size = entry.Type.ByteSize();
        if (entry.Strides is not { } strides)
        {
            Copy(entry.Offset + (start * size), destination);
            return;
        }

        for (var done = 0; done < destination.Length; done += size)
        {
            var (rest, at) = (start + (done / size), 0L);
            for (var axis = strides.Count - 1; axis >= 0; axis--)
            {
                (rest, var place) = Math.DivRem(rest, entry.Shape[axis]);
                at += place * strides[axis];
            }

            strided.Value.Read(entry.Offset + (at * size), destination.Slice(done, size));
        }
    }

    private sealed class StridedBytes : IDisposable
    {
        private readonly MemoryMappedFile mapping;
        private readonly MemoryMappedViewAccessor view;

        public StridedBytes(FileStream stream)
        {
            mapping = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }

        public void Read(long offset, Span<byte> element) => view.SafeMemoryMappedViewHandle.ReadSpan((ulong)offset, element);

        public void Dispose()
        {
            view.Dispose();
            mapping.Dispose();
        }
    }
}
