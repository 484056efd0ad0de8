// Memory-mapped reader of safetensors files: 8 bytes header length (little-endian), JSON header (SafetensorsHeader), data.
// The whole header is checked before the first tensor is read; reading a tensor allocates nothing but what the caller provides.
// Left out: big-endian machines, and files that another program truncates while they are mapped (the system ends the process then).
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ditar.Reference.Files;

public sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;
    private const int ChunkBytes = 8192;

    private readonly MemoryMappedFile mapping;
    private readonly MemoryMappedViewAccessor view;
    private readonly Dictionary<string, SafetensorsEntry> byName;

    private SafetensorsFile(string path, MemoryMappedFile mapping, SafetensorsHeader header)
    {
        Path = path;
        this.mapping = mapping;
        view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        Entries = header.Entries;
        Metadata = header.Metadata;
        byName = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    public IEnumerable<string> Names => Entries.Select(entry => entry.Name);

    /// <summary>The free text pairs of the header's "__metadata__".</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The mapped file, for readers that take a pointer; an entry lies at its Offset, which is not always aligned.</summary>
    public SafeMemoryMappedViewHandle Mapping => view.SafeMemoryMappedViewHandle;

    /// <exception cref="CheckpointException">The file is missing or breaks a rule of the format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Weights are mapped as they are and need a little-endian machine.");
        var stream = OpenStream(path);
        try
        {
            var header = ReadHeader(stream, path);
            return new SafetensorsFile(path, MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false), header);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => byName.ContainsKey(name);

    /// <exception cref="CheckpointException">The file has no such tensor.</exception>
    public SafetensorsEntry this[string name] => byName.TryGetValue(name, out var entry)
        ? entry
        : throw new CheckpointException(Path, name, "the tensor to be in the file", $"none of this name among {Entries.Count}");

    /// <summary>The entry of a tensor that must have a certain shape.</summary>
    /// <exception cref="CheckpointException">It is missing or shaped differently.</exception>
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape)
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

    /// <summary>Reads a tensor of F64, F32, F16 or BF16; all exact.</summary>
    /// <inheritdoc cref="ReadFloat32(string, Span{float})"/>
    public void ReadFloat64(string name, Span<double> destination)
    {
        var entry = Sized(name, destination.Length);
        if (entry.Type == SafetensorsType.F64)
        {
            Mapping.ReadSpan((ulong)entry.Offset, destination);
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
            Mapping.ReadSpan((ulong)(entry.Offset + (long)i * size), element);
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

    /// <summary>Copies bytes of a tensor as they lie in the file (little-endian).</summary>
    /// <param name="start">First byte, counted from the start of the tensor.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    public void ReadBytes(string name, long start, Span<byte> destination)
    {
        var entry = this[name];
        if (start < 0 || start > entry.ByteLength - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{destination.Length} bytes from {start} leave tensor {name} of {entry.ByteLength} bytes.");
        Mapping.ReadSpan((ulong)(entry.Offset + start), destination);
    }

    /// <summary>Refuses weights that no computation can survive.</summary>
    /// <exception cref="CheckpointException">An element is infinite or not a number; the message tells which.</exception>
    public void CheckFinite(string name)
    {
        var entry = this[name];
        Span<float> chunk = stackalloc float[ChunkBytes / sizeof(float)];
        for (long done = 0; done < entry.Count; done += chunk.Length)
        {
            var part = chunk[..(int)Math.Min(chunk.Length, entry.Count - done)];
            ReadFloat32(entry, done, part);
            for (var i = 0; i < part.Length; i++)
            {
                if (!float.IsFinite(part[i]))
                    throw new CheckpointException(Path, name, "finite numbers that fit a float32", $"{part[i]} at element {done + i}");
            }
        }
    }

    public void Dispose()
    {
        view.Dispose();
        mapping.Dispose();
    }

    private static FileStream OpenStream(string path)
    {
        try
        {
            // Delete is shared so that a newer checkpoint can be renamed over this one while it is in use.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, null, "a safetensors file", "no file of this name", fault);
        }
    }

    private static SafetensorsHeader ReadHeader(FileStream stream, string path)
    {
        var fileLength = stream.Length;
        if (fileLength < LengthBytes)
            throw new CheckpointException(path, null, $"at least {LengthBytes} bytes", $"{fileLength} bytes");
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(lengthBytes);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > SafetensorsHeader.MaximumBytes)
            throw new CheckpointException(path, null, $"a header of at most {SafetensorsHeader.MaximumBytes} bytes", $"{length} bytes");
        if (length > (ulong)(fileLength - LengthBytes))
            throw new CheckpointException(path, null, $"a header of {length} bytes", $"a file of {fileLength} bytes");
        var json = new byte[length];
        stream.ReadExactly(json);
        return SafetensorsHeader.Parse(json, LengthBytes + (long)length, fileLength, path);
    }

    private SafetensorsEntry Sized(string name, int length)
    {
        var entry = this[name];
        if (entry.Count != length)
            throw new ArgumentException($"Tensor {name} has {entry.Count} elements {CheckpointException.Shape(entry.Shape)}, the destination {length}.");
        return entry;
    }

    private void ReadFloat32(SafetensorsEntry entry, long start, Span<float> destination)
    {
        var size = entry.Type.ByteSize();
        if (entry.Type == SafetensorsType.F32)
        {
            Mapping.ReadSpan((ulong)(entry.Offset + start * size), destination);
            return;
        }

        Span<byte> chunk = stackalloc byte[ChunkBytes];
        for (var done = 0; done < destination.Length; done += ChunkBytes / size)
        {
            var part = destination.Slice(done, Math.Min(ChunkBytes / size, destination.Length - done));
            var bytes = chunk[..(part.Length * size)];
            Mapping.ReadSpan((ulong)(entry.Offset + (start + done) * size), bytes);
            switch (entry.Type)
            {
                case SafetensorsType.F16:
                    TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), part);
                    break;
                case SafetensorsType.BF16:
                    var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                    for (var i = 0; i < part.Length; i++)
                        part[i] = BFloat16.ToSingle(halves[i]);
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
}
