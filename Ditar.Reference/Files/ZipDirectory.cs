// The table of contents of a ZIP archive whose members are stored, not compressed: what torch.save writes and what can be read in place. ZIP64 is read, because
// weights are large. All numbers are checked against the file; contents are not (their CRC would need a pass over gigabytes).
// Left out: compression, encryption, archives in several parts.
using System.Buffers.Binary;
using System.Text;

namespace Ditar.Reference.Files;

/// <param name="Offset">First byte of the member's data, counted from the start of the file.</param>
internal readonly record struct ZipMember(string Name, long Offset, long Length);

internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EndBytes = 22;
    private const int End64Bytes = 56;
    private const int Locator64Bytes = 20;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;
    private const int MaximumComment = 0xFFFF;
    private const int MaximumBytes = 16 << 20;
    private const ushort Extra64 = 1;

    private readonly FileStream stream;
    private readonly string path;
    private readonly Dictionary<string, ZipMember> members = new(StringComparer.Ordinal);

    private ZipDirectory(FileStream stream, string path) => (this.stream, this.path) = (stream, path);

    public IReadOnlyDictionary<string, ZipMember> Members => members;

    /// <exception cref="CheckpointException">Not such an archive.</exception>
    public static ZipDirectory Read(FileStream stream, string path)
    {
        var directory = new ZipDirectory(stream, path);
        var (start, length, count) = directory.FindCentral();
        directory.ReadCentral(start, length, count);
        return directory;
    }

    private (long Start, long Length, long Count) FindCentral()
    {
        var tail = ReadAt(Math.Max(0, stream.Length - EndBytes - MaximumComment), (int)Math.Min(stream.Length, EndBytes + MaximumComment));
        var at = tail.Length - EndBytes;
        while (at >= 0 && Four(tail, at) != EndSignature) at--;
        if (at < 0) throw Fault("a ZIP archive, as torch.save writes it", "no end of its directory");
        long count = Two(tail, at + 10), length = Four(tail, at + 12), start = Four(tail, at + 16);
        var end = stream.Length - tail.Length + at;
        if (start == uint.MaxValue || length == uint.MaxValue || count == ushort.MaxValue)
        {
            var locator = ReadAt(end - Locator64Bytes, Locator64Bytes);
            if (Four(locator, 0) != Locator64Signature) throw Fault("the locator of a ZIP64 directory", "none");
            var end64 = ReadAt(Eight(locator, 8), End64Bytes);
            if (Four(end64, 0) != End64Signature) throw Fault("a ZIP64 directory's end", "none");
            (count, length, start) = (Eight(end64, 32), Eight(end64, 40), Eight(end64, 48));
        }

        if (length > MaximumBytes) throw Fault($"a directory of at most {MaximumBytes} bytes", $"{length}");
        if (start > end - length) throw Fault("a directory before the archive's end", $"{length} bytes from {start}");
        if (count > length / CentralBytes) throw Fault($"at least {CentralBytes} bytes for each member", $"{count} members in {length} bytes");
        return (start, length, count);
    }

    private void ReadCentral(long start, long length, long count)
    {
        var bytes = ReadAt(start, (int)length);
        var at = 0;
        for (long number = 0; number < count; number++)
        {
            if (at > bytes.Length - CentralBytes || Four(bytes, at) != CentralSignature) throw Fault($"{count} members in the directory", $"{number}");
            int nameLength = Two(bytes, at + 28), extraLength = Two(bytes, at + 30), commentLength = Two(bytes, at + 32);
            if (at > bytes.Length - CentralBytes - nameLength - extraLength - commentLength) throw Fault("a member inside the directory", $"member {number} past its end");
            var name = Encoding.UTF8.GetString(bytes, at + CentralBytes, nameLength);
            if (Two(bytes, at + 10) != 0 || (Two(bytes, at + 8) & 1) != 0) throw Fault("stored members", $"{MalformedFileException.Quote(name)} compressed or encrypted");
            long packed = Four(bytes, at + 20), size = Four(bytes, at + 24), local = Four(bytes, at + 42);
            Widen(bytes.AsSpan(at + CentralBytes + nameLength, extraLength), ref size, ref packed, ref local);
            if (packed != size) throw Fault("members as long as their data", $"{MalformedFileException.Quote(name)}: {packed} and {size} bytes");
            if (!members.TryAdd(name, Locate(name, local, size, start))) throw Fault("each member once", $"{MalformedFileException.Quote(name)} twice");
            at += CentralBytes + nameLength + extraLength + commentLength;
        }
    }

    // Sizes that do not fit 32 bits are in an extra field, in this order, each only if its short form is all ones.
    private void Widen(ReadOnlySpan<byte> extra, ref long size, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4) break;
            var field = extra.Slice(4, length);
            extra = extra[(4 + length)..];
            if (id != Extra64) continue;
            Take(ref field, ref size);
            Take(ref field, ref packed);
            Take(ref field, ref local);
        }

        if (size == uint.MaxValue || packed == uint.MaxValue || local == uint.MaxValue) throw Fault("sizes in 64 bits", "the field that holds them missing");

        void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != uint.MaxValue) return;
            if (field.Length < 8) throw Fault("sizes in 64 bits", "a field cut short");
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            if (value < 0) throw Fault("sizes below 2^63", $"{(ulong)value}");
            field = field[8..];
        }
    }

    // The data begins after the local header, whose own sizes may be zero.
    private ZipMember Locate(string name, long local, long size, long end)
    {
        if (local > end - LocalBytes) throw Fault("members before the directory", $"{MalformedFileException.Quote(name)} at {local}");
        var header = ReadAt(local, LocalBytes);
        if (Four(header, 0) != LocalSignature) throw Fault($"the header of {MalformedFileException.Quote(name)} at byte {local}", "something else");
        var offset = local + LocalBytes + Two(header, 26) + Two(header, 28);
        if (offset > end || size > end - offset) throw Fault("members before the directory", $"{MalformedFileException.Quote(name)}, {size} bytes from {offset}");
        return new(name, offset, size);
    }

    private byte[] ReadAt(long start, int length)
    {
        if (start < 0 || length > stream.Length - start) throw Fault($"{length} bytes from {start}", $"a file of {stream.Length} bytes");
        var bytes = new byte[length];
        stream.Position = start;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ushort Two(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint Four(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private long Eight(byte[] bytes, int at)
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
        return value >= 0 ? value : throw Fault("numbers below 2^63 in the directory", $"{(ulong)value}");
    }

    private CheckpointException Fault(string expected, string found) => new(path, null, expected, found);
}
