// The JSON header of a safetensors file, read without trust: {"name": {"dtype", "shape", "data_offsets": [begin, end)}, "__metadata__": {...}}.
// Offsets count from the end of the header. All rules of the format are checked: each byte of the data belongs to exactly one tensor.
// Limits of ours, tighter than the format's 100 MB: a hostile header cannot make the reader allocate more than a small multiple of its own length.
using System.Text.Json;

namespace Ditar.Reference.Files;

internal sealed class SafetensorsHeader
{
    /// <summary>Room for some hundred thousand tensors.</summary>
    public const int MaximumBytes = 16 << 20;

    private const int MaximumRank = 8;

    // Root object, tensor object, shape array.
    private const int MaximumDepth = 3;

    private const string MetadataKey = "__metadata__";

    private readonly string file;
    private readonly long dataStart;

    private SafetensorsHeader(string file, long dataStart) => (this.file, this.dataStart) = (file, dataStart);

    /// <summary>In the order of the data.</summary>
    public List<WeightEntry> Entries { get; } = [];

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <param name="json">The header's bytes, padding included.</param>
    /// <param name="dataStart">Where the data begins in the file.</param>
    /// <param name="fileLength">Length of the whole file; the data must end exactly there.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="CheckpointException">Any rule of the format is broken.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataStart, long fileLength, string file)
    {
        var header = new SafetensorsHeader(file, dataStart);
        if (json.IsEmpty || json[0] != (byte)'{')
            throw header.Fault(null, "a header that begins with '{'", json.IsEmpty ? "an empty header" : $"byte 0x{json[0]:x2}");
        try
        {
            header.ReadRoot(new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaximumDepth }));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-8 or UTF-16.
            throw new CheckpointException(file, null, "a header in valid JSON, nested at most three deep", fault.Message, fault);
        }

        header.CheckLayout(fileLength);
        return header;
    }

    private void ReadRoot(Utf8JsonReader reader)
    {
        reader.Read();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!names.Add(name))
                throw Fault(name, "each name once", "the name twice");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Fault(name, "an object", reader.TokenType.ToString());
            if (name == MetadataKey)
                ReadMetadata(ref reader);
            else
                Entries.Add(ReadEntry(ref reader, name));
        }

        // Throws JsonException when anything but white space follows the root object.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Fault(null, $"a string as metadata {MalformedFileException.Quote(key)}", reader.TokenType.ToString());
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Fault(null, "each metadata key once", $"{MalformedFileException.Quote(key)} twice");
        }
    }

    private WeightEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        SafetensorsType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "dtype" when type is null:
                    type = ReadType(ref reader, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, "shape", MaximumRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, "data_offsets", 2);
                    break;
                default:
                    throw Fault(name, "dtype, shape and data_offsets, each once", $"the key {MalformedFileException.Quote(key)}");
            }
        }

        if (type is null || shape is null || offsets is null)
            throw Fault(name, "dtype, shape and data_offsets", $"no {(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw Fault(name, "data_offsets [begin, end] with begin <= end", CheckpointException.Shape(offsets));
        return new WeightEntry(name, type.Value, shape, CheckedOffset(name, offsets[0]), CheckedCount(name, type.Value, shape, offsets));
    }

    private SafetensorsType ReadType(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw Fault(name, "a string as dtype", reader.TokenType.ToString());
        var text = reader.GetString()!;
        return SafetensorsTypes.Parse(text)
            ?? throw Fault(name, $"a dtype among {string.Join(", ", Enum.GetValues<SafetensorsType>().Select(type => type.HeaderName()))}",
                MalformedFileException.Quote(text));
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string key, int most)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Fault(name, $"an array as {key}", reader.TokenType.ToString());
        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw Fault(name, $"whole numbers from 0 to 2^63 - 1 in {key}", $"{reader.TokenType} at byte {reader.TokenStartIndex} of the header");
            if (numbers.Count == most)
                throw Fault(name, $"at most {most} numbers in {key}", "more");
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private long CheckedOffset(string name, long begin)
    {
        if (begin > long.MaxValue - dataStart)
            throw Fault(name, "data_offsets inside the file", begin.ToString());
        return dataStart + begin;
    }

    private long CheckedCount(string name, SafetensorsType type, long[] shape, long[] offsets)
    {
        long count = 1, bytes;
        try
        {
            foreach (var size in shape)
                count = checked(count * size);
            bytes = checked(count * type.ByteSize());
        }
        catch (OverflowException fault)
        {
            throw new CheckpointException(file, name, "a shape whose size in bytes is below 2^63", CheckpointException.Shape(shape), fault);
        }

        if (bytes != offsets[1] - offsets[0])
        {
            throw Fault(name, $"{bytes} bytes for {type.HeaderName()} {CheckpointException.Shape(shape)}",
                $"data_offsets {CheckpointException.Shape(offsets)}, {offsets[1] - offsets[0]} bytes");
        }

        return count;
    }

    /// <summary>In the order of their offsets the tensors must tile the data: no gap, no overlap, nothing left over, nothing missing.</summary>
    private void CheckLayout(long fileLength)
    {
        // Tensors without elements share their offset with their successor; among equals the shorter one comes first.
        Entries.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteLength.CompareTo(b.ByteLength));
        var end = dataStart;
        foreach (var entry in Entries)
        {
            if (entry.Offset != end)
            {
                throw Fault(entry.Name, $"data from byte {end - dataStart}, where the tensor before it ends",
                    $"data from byte {entry.Offset - dataStart}: {(entry.Offset < end ? "an overlap" : "a gap")}");
            }

            if (entry.ByteLength > fileLength - end)
                throw Fault(entry.Name, $"data up to byte {end - dataStart + entry.ByteLength}", $"a file whose data ends at byte {fileLength - dataStart}");
            end += entry.ByteLength;
        }

        if (end != fileLength)
            throw Fault(null, $"{end} bytes in all", $"{fileLength} bytes: {fileLength - end} bytes belong to no tensor");
    }

    private CheckpointException Fault(string? tensor, string expected, string found) => new(file, tensor, expected, found);
}
