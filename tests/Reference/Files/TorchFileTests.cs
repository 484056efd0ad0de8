// Torch files: what is written is read, strided and shared storages too; whatever is not a dictionary of tensors is refused before anything happens.

using System.IO.Compression;
using System.Text;
using Ditar.Reference.Files;

namespace Ditar.Tests.Reference.Files;

public class TorchFileTests
{
    private const string Tensor = "ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0006tQ";
    private const string End = "\u0089ccollections\nOrderedDict\n)RtR";

    public static TheoryData<string> Refused => new()
    {
        "cos\nsystem\nX\u0002\0\0\0ls\u0085R.",
        "c__builtin__\neval\n.",
        "X\u0008\0\0\0builtinsX\u0004\0\0\0exec\u0093.",
        "ctorch\n_load_global_deps\n)R.",
        "ccollections\nOrderedDict\n(K\u0001tR.",
        "}X\u0001\0\0\0aK\u0007s.",                                                               // not a tensor
        "}K\u0001" + Tensor + "K\0K\u0002\u0085K\u0001\u0085" + End + "s.",                       // not a name
        "}X\u0001\0\0\0a" + Tensor + "K\u0003K\u0004\u0085K\u0001\u0085" + End + "s.",            // past its storage
        "}X\u0001\0\0\0a" + Tensor + "K\0K\u0007\u0085K\0\u0085" + End + "s.",                    // repeats itself
        "}X\u0001\0\0\0a" + Tensor + "K\0K\u0002\u0085K\u0001K\u0001\u0086" + End + "s.",         // strides of another rank
        "h\u0001.", "(((.", "t.", "}", ".", "\u00ff", "\u0080\u0009}.", "X\u00ff\u00ff\u00ff\u00ff.", "\u008a\u0009000000000.", "}}}.", "cx", "]K\u0001s.",
    };

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.pth");
        float[] values = [1.5f, -2, 3, 4, 5, 6];
        var writer = new TorchWriter();
        writer.Add("w", [2, 3], SafetensorsType.F32, stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));
        writer.Add("n", [], SafetensorsType.I64, stream => stream.Write(BitConverter.GetBytes(7L)));
        writer.Add("none", [0, 4], SafetensorsType.BF16, _ => { });
        writer.Save(path);
        using var file = TorchFile.Open(path);
        Assert.Equal(["n", "none", "w"], file.Names.Order(StringComparer.Ordinal));
        var read = new float[6];
        file.ReadFloat32("w", read);
        Assert.Equal(values, read);
        var number = new long[1];
        file.ReadInt64("n", number);
        Assert.Equal(7, number[0]);
        Assert.All(file.Entries, entry => Assert.Null(entry.Strides));
    }

    /// <summary>Two tensors over one storage of six: a transposed one, and its last two elements; wrapped in a state_dict and a parameter.</summary>
    [Fact]
    public void StridesOffsetsAndStateDicts()
    {
        using var folder = new TemporaryFolder();
        var inner = "}(X\u0001\0\0\0a" + "ctorch._utils\n_rebuild_parameter\n(" + Tensor + "K\0K\u0002K\u0003\u0086K\u0001K\u0002\u0086" + End + "\u0089)tR"
            + "X\u0001\0\0\0b" + Tensor + "K\u0004K\u0002\u0085K\u0001\u0085" + End + "u";
        var path = Archive(folder, "\u0080\u0002}(X\u0005\0\0\0epochK\u0003X\u000a\0\0\0state_dict" + inner + "u.");
        using var file = TorchFile.Open(path);
        float[] a = new float[6], b = new float[2];
        file.ReadFloat32("a", a);
        file.ReadFloat32("b", b);
        Assert.Equal([0, 2, 4, 1, 3, 5], a);
        Assert.Equal([4, 5], b);
        double[] doubles = new double[6];
        file.ReadFloat64("a", doubles);
        Assert.Equal([0, 2, 4, 1, 3, 5], doubles);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void OtherPicklesAreRefused(string pickle)
    {
        using var folder = new TemporaryFolder();
        var path = Archive(folder, pickle);
        Assert.Equal(path, Assert.Throws<CheckpointException>(() => TorchFile.Open(path)).File);
    }

    [Fact]
    public void OtherFilesAreRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.pth");
        Assert.Throws<CheckpointException>(() => TorchFile.Open(path));
        foreach (var bytes in new byte[][] { [], [0x80, 2], new byte[100], Encoding.ASCII.GetBytes("PK\u0005\u0006") })
        {
            File.WriteAllBytes(path, bytes);
            Assert.Throws<CheckpointException>(() => TorchFile.Open(path));
        }

        foreach (var (order, level) in new[] { ("big", CompressionLevel.NoCompression), ("little", CompressionLevel.Optimal) })
            Assert.Throws<CheckpointException>(() => TorchFile.Open(Archive(folder, "}.", order, level)));
        using (TorchFile.Open(Archive(folder, "}.")))
        {
        }
    }

    // One storage, "0", of the floats 0 to 5. Characters of the pickle are its bytes.
    private static string Archive(TemporaryFolder folder, string pickle, string order = "little", CompressionLevel level = CompressionLevel.NoCompression)
    {
        var path = folder.File($"{Guid.NewGuid():N}.pth");
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("data.pkl", Encoding.Latin1.GetBytes(pickle));
        Add("byteorder", Encoding.ASCII.GetBytes(order));
        Add("data/0", [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))]);
        return path;

        void Add(string name, byte[] bytes)
        {
            using var member = archive.CreateEntry("model/" + name, level).Open();
            member.Write(bytes);
        }
    }
}
