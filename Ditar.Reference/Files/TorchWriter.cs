// Writes tensors as torch.save would: a ZIP archive of stored members, a pickled dictionary and one storage for each tensor. Contents are streamed, so a file
// may be larger than memory.
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace Ditar.Reference.Files;

public sealed class TorchWriter
{
    private const string Root = "archive";
    private readonly List<(string Name, SafetensorsType Type, long[] Shape, Action<Stream> Write)> items = [];

    /// <param name="write">Writes the elements, little-endian and row-major; called when the file is written.</param>
    /// <exception cref="ArgumentException">The type has no storage class.</exception>
    public void Add(string name, ReadOnlySpan<long> shape, SafetensorsType type, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(write);
        _ = StorageClass(type);
        items.Add((name, type, shape.ToArray(), write));
    }

    /// <summary>Creates or replaces the file (see <see cref="AtomicFile"/>).</summary>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        Member(archive, "data.pkl", member => member.Write(Pickle()));
        Member(archive, "byteorder", member => member.Write("little"u8));
        for (var i = 0; i < items.Count; i++) Member(archive, FormattableString.Invariant($"data/{i}"), items[i].Write);
        Member(archive, "version", member => member.Write("3\n"u8));
    });

    private static void Member(ZipArchive archive, string name, Action<Stream> write)
    {
        using var member = archive.CreateEntry($"{Root}/{name}", CompressionLevel.NoCompression).Open();
        write(member);
    }

    private byte[] Pickle()
    {
        using var pickle = new MemoryStream();
        pickle.Write([0x80, 2, (byte)'}', (byte)'(']);
        for (var i = 0; i < items.Count; i++)
        {
            var (name, type, shape, _) = items[i];
            Text(pickle, name);
            Global(pickle, "torch._utils", "_rebuild_tensor_v2");
            pickle.Write("(("u8);
            Text(pickle, "storage");
            Global(pickle, "torch", StorageClass(type));
            Text(pickle, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Text(pickle, "cpu");
            Number(pickle, shape.Aggregate(1L, (product, extent) => checked(product * extent)));
            pickle.Write("tQ"u8);
            Number(pickle, 0);
            Tuple(pickle, shape);
            Tuple(pickle, Strides(shape));
            pickle.WriteByte(0x89);
            Global(pickle, "collections", "OrderedDict");
            pickle.Write(")RtR"u8);
        }

        pickle.Write("u."u8);
        return pickle.ToArray();
    }

    private static long[] Strides(long[] shape)
    {
        var strides = new long[shape.Length];
        var stride = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(1, shape[axis]);
        }

        return strides;
    }

    private static void Tuple(MemoryStream pickle, long[] numbers)
    {
        pickle.WriteByte((byte)'(');
        foreach (var number in numbers) Number(pickle, number);
        pickle.WriteByte((byte)'t');
    }

    // LONG1: a length and that many bytes, little-endian two's complement.
    private static void Number(MemoryStream pickle, long value)
    {
        var digits = new BigInteger(value).ToByteArray();
        pickle.Write([0x8a, (byte)digits.Length]);
        pickle.Write(digits);
    }

    private static void Text(MemoryStream pickle, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        pickle.WriteByte((byte)'X');
        pickle.Write(BitConverter.GetBytes(bytes.Length));
        pickle.Write(bytes);
    }

    private static void Global(MemoryStream pickle, string module, string name) => pickle.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private static string StorageClass(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 => "DoubleStorage",
        SafetensorsType.F32 => "FloatStorage",
        SafetensorsType.F16 => "HalfStorage",
        SafetensorsType.BF16 => "BFloat16Storage",
        SafetensorsType.I64 => "LongStorage",
        SafetensorsType.I32 => "IntStorage",
        _ => throw new ArgumentException($"There is no storage class for {type.HeaderName()}.", nameof(type)),
    };
}
