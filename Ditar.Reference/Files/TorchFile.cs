// Reader of the files torch.save writes (.pth, .bin, .ckpt): a ZIP archive of stored members, root/data.pkl that describes a dictionary of
// tensors, root/data/0, 1, ... that hold their storages. Everything is checked before the first number is read.
// Left out: the formats before PyTorch 1.6, which are no archives, and big-endian files.
using System.Text;

namespace Ditar.Reference.Files;

public sealed class TorchFile : WeightFile
{
    private const int MaximumPickle = 16 << 20;
    private const string PickleName = "/data.pkl";
    private const string StateKey = "state_dict";

    private TorchFile(string path, FileStream stream, IReadOnlyList<WeightEntry> entries)
        : base(path, stream, entries)
    {
    }

    /// <exception cref="CheckpointException">The file is missing or is not a dictionary of tensors in this format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TorchFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = OpenStream(path, "a torch file");
        try
        {
            return new TorchFile(path, stream, ReadEntries(stream, path));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static List<WeightEntry> ReadEntries(FileStream stream, string path)
    {
        var members = ZipDirectory.Read(stream, path).Members;
        var pickles = members.Values.Where(member => member.Name.IndexOf('/') is var slash && slash > 0 && member.Name[slash..] == PickleName).ToList();
        if (pickles.Count != 1) throw new CheckpointException(path, null, "one data.pkl in the archive's root folder", $"{pickles.Count}");
        var root = pickles[0].Name[..^PickleName.Length];
        if (members.TryGetValue(root + "/byteorder", out var order) && Encoding.UTF8.GetString(Read(stream, path, order, 64)) is var text && text.Trim() != "little")
            throw new CheckpointException(path, null, "little-endian numbers", MalformedFileException.Quote(text));
        var value = TorchPickle.Read(Read(stream, path, pickles[0], MaximumPickle), path);
        if (value is not TorchDictionary dictionary) throw new CheckpointException(path, null, "a dictionary of tensors", value?.GetType().Name ?? "None");
        foreach (var (key, inner) in dictionary.Items)
            if (key is StateKey && inner is TorchDictionary state) dictionary = state;

        var entries = new Dictionary<string, WeightEntry>(StringComparer.Ordinal);
        foreach (var (key, item) in dictionary.Items)
        {
            if (key is not string name) throw new CheckpointException(path, null, "names of tensors", key?.ToString() ?? "None");
            if (item is not TorchTensor tensor) throw new CheckpointException(path, name, "a tensor", item?.GetType().Name ?? "None");
            if (!entries.TryAdd(name, Entry(path, name, tensor, members, root))) throw new CheckpointException(path, name, "each name once", "the name twice");
        }

        return [.. entries.Values.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    private static WeightEntry Entry(string path, string name, TorchTensor tensor, IReadOnlyDictionary<string, ZipMember> members, string root)
    {
        var (storage, shape, strides) = (tensor.Storage, tensor.Shape, tensor.Strides);
        if (!members.TryGetValue($"{root}/data/{storage.Key}", out var member)) throw Fault($"its storage {MalformedFileException.Quote(storage.Key)} in the archive", "none");
        if (shape.Length != strides.Length) throw Fault($"{shape.Length} strides", $"{strides.Length}");
        long count, last;
        try
        {
            if (checked(storage.Count * storage.Type.ByteSize()) > member.Length) throw Fault($"a storage of {storage.Count} elements", $"{member.Length} bytes");
            count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
            last = tensor.Offset;
            for (var axis = 0; axis < shape.Length && count > 0; axis++) last = checked(last + ((shape[axis] - 1) * strides[axis]));
        }
        catch (OverflowException fault)
        {
            throw new CheckpointException(path, name, "sizes below 2^63", CheckpointException.Shape(shape), fault);
        }

        // No more elements than the storage has: a tensor that repeats itself is not one that was trained.
        if (tensor.Offset < 0 || count > storage.Count || (count > 0 ? last >= storage.Count : tensor.Offset > storage.Count))
            throw Fault($"elements inside its storage of {storage.Count}", $"{CheckpointException.Shape(shape)} from {tensor.Offset} with strides {CheckpointException.Shape(strides)}");
        return new WeightEntry(name, storage.Type, shape, member.Offset + (tensor.Offset * storage.Type.ByteSize()), count) { Strides = RowMajor(shape, strides) ? null : strides };

        CheckpointException Fault(string expected, string found) => new(path, name, expected, found);
    }

    private static bool RowMajor(long[] shape, long[] strides)
    {
        var expected = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            // The stride of a single element is never used.
            if (shape[axis] != 1 && strides[axis] != expected) return shape.Contains(0);
            expected *= shape[axis];
        }

        return true;
    }

    private static byte[] Read(FileStream stream, string path, ZipMember member, int most)
    {
        if (member.Length > most) throw new CheckpointException(path, null, $"{member.Name} of at most {most} bytes", $"{member.Length}");
        var bytes = new byte[member.Length];
        stream.Position = member.Offset;
        stream.ReadExactly(bytes);
        return bytes;
    }
}
