// Four thousand damaged safetensors files: refused with the typed exception or read without harm, never more than a bounded allocation.
using Ditar.Reference.Files;

namespace Ditar.Tests.Reference.Files;

public class SafetensorsFuzzTests
{
    private const int Count = 4000;

    [Fact]
    public void Damaged_files_are_refused_or_read_and_never_do_harm()
    {
        using var folder = new TemporaryFolder();
        var good = GoodFile(folder);
        var path = folder.File("damaged.safetensors");
        var refused = Mutation.Run<CheckpointException>(good, 0, Count, allowedBytesPerByte: 64, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            using var file = SafetensorsFile.Open(path);
            foreach (var entry in file.Entries)
                ReadEverything(file, entry);
        });
        // Most damage shows; what hits only numbers or metadata does not.
        Assert.InRange(refused, Count / 4, Count - Count / 50);
    }

    private static byte[] GoodFile(TemporaryFolder folder)
    {
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt" } };
        writer.Add("blocks.0.weight", [4, 8], new float[32], SafetensorsType.BF16);
        writer.Add("blocks.0.bias", [4], new float[4]);
        writer.Add("blocks.1.weight", [2, 2, 4], new float[16], SafetensorsType.F16);
        writer.Add("step", [], new long[] { 12 });
        writer.Add("mean", [3], new double[3]);
        writer.Add("empty", [0, 5], ReadOnlyMemory<float>.Empty);
        var path = folder.File("good.safetensors");
        writer.Save(path);
        return File.ReadAllBytes(path);
    }

    private static void ReadEverything(SafetensorsFile file, WeightEntry entry)
    {
        file.ReadBytes(entry.Name, 0, new byte[entry.ByteLength]);
        if (entry.Type <= SafetensorsType.BF16)
            file.ReadFloat32(entry.Name, new float[entry.Count]);
        else if (entry.Type != SafetensorsType.U64)
            file.ReadInt64(entry.Name, new long[entry.Count]);
    }
}
