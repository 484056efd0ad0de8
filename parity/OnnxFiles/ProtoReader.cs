// Walks the fields of protocol-buffers messages in a file that may be hostile: every length is checked against what encloses it before anything is
// read or skipped, payloads are skipped without being read, and only names are ever held in memory.

using System.Text;

namespace Ditar.Parity.OnnxFiles;

/// <param name="stream">Can seek.</param>
internal sealed class ProtoReader(Stream stream, string file)
{
    private const int LongestText = 4096;

    public long Length => stream.Length;

    public long Position => stream.Position;

    /// <summary>Calls <paramref name="field"/> for each field up to <paramref name="end"/> with its number and, for bytes, texts and messages, where they end.</summary>
    /// <param name="field">Reads the field's content or leaves it; what is left is skipped.</param>
    /// <exception cref="OnnxFileException">The bytes are no message.</exception>
    public void Fields(long end, Action<int, long> field)
    {
        while (stream.Position < end)
        {
            var tag = Varint(end);
            if (tag >> 3 is 0 or > int.MaxValue) throw Fault("a field number", $"{tag >> 3}");
            var number = (int)(tag >> 3);
            var after = (tag & 7) switch
            {
                0 => stream.Position,
                1 => stream.Position + sizeof(ulong),
                2 => EndOfBytes(end),
                5 => stream.Position + sizeof(uint),
                var type => throw Fault("a field of a known type", $"type {type}"),
            };
            if (after > end) throw Fault($"a field that ends by {end}", $"one that ends at {after}");
            field(number, after);
            if ((tag & 7) == 0)
            {
                // A number that nobody wanted is still there.
                if (stream.Position == after) Varint(end);
            }
            else
            {
                stream.Position = after;
            }
        }
    }

    public long Number(long end) => (long)Varint(end);

    public string Text(long end)
    {
        var length = end - stream.Position;
        if (length > LongestText) throw Fault($"a name of at most {LongestText} bytes", $"{length} bytes");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    public OnnxFileException Fault(string expected, string found) => new(file, $"byte {stream.Position}", expected, found);

    private long EndOfBytes(long end)
    {
        var length = Varint(end);
        if (length > (ulong)(end - stream.Position)) throw Fault($"at most {end - stream.Position} bytes", $"a length of {length}");
        return stream.Position + (long)length;
    }

    private ulong Varint(long end)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = stream.Position < end ? stream.ReadByte() : -1;
            if (next < 0) throw Fault("a number", "the end of the message");
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw Fault("a number of at most 10 bytes", "a longer one");
    }
}
