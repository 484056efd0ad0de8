// Reader of safetensors files: 8 bytes header length (little-endian), JSON header (SafetensorsHeader), data.
// The whole header is checked before the first tensor is read; reading a tensor allocates nothing but what the caller provides.
// Left out: big-endian machines.
using System.Buffers.Binary;

namespace Ditar.Reference.Files;

public sealed class SafetensorsFile : WeightFile
{
    private const int LengthBytes = 8;

    private SafetensorsFile(string path, FileStream stream, SafetensorsHeader header)
        : base(path, stream, header.Entries) => Metadata = header.Metadata;

    /// <summary>The free text pairs of the header's "__metadata__".</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="CheckpointException">The file is missing or breaks a rule of the format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = OpenStream(path, "a safetensors file");
        try
        {
            return new SafetensorsFile(path, stream, ReadHeader(stream, path));
        }
        catch
        {
            stream.Dispose();
            throw;
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
}
