// Fourteen thousand damaged files of an official folder: the typed error or a checkpoint that opens, never more memory than the files justify.

using Ditar.Edge;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Reference.VoxCpm;

public class VoxCpmFuzzTests
{
    private const int Each = 2000;

    [Theory]
    [InlineData("config.json", 0, 20_000)]
    [InlineData("tokenizer.json", 1, 400)]
    [InlineData("pytorch_model.bin", 2, 400)]
    [InlineData("model.safetensors", 3, 400)]
    [InlineData("audiovae.pth", 4, 400)]
    [InlineData("model.safetensors", 5, 400, "int8")]
    [InlineData("model.safetensors", 6, 400, "int4")]
    public void DamagedFilesAreRefusedOrRead(string name, int number, int allowedBytesPerByte, string? rounded = null)
    {
        using TemporaryFolder folder = new(), original = new();
        SmallVoxCpm.Write(rounded is null ? folder : original, SmallVoxCpm.One, bin: name == "pytorch_model.bin");
        if (rounded is not null) QuantizedFolder.Write(original.Path, folder.Path, EngineFormats.Named(rounded));
        var path = folder.File(name);
        var refused = Mutation.Run<CheckpointException>(File.ReadAllBytes(path), number * Each, Each, allowedBytesPerByte, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
            _ = checkpoint.Tokenizer.Encode("a text 今天");
            if (name.EndsWith(".json", StringComparison.Ordinal)) return;
            if (rounded is not null)
            {
                // As the engine takes them: the integers of every layer, and what they stand for.
                using var packed = new InferenceModel(checkpoint.ReadModel(later: true), EngineFormats.StoredVoxCpm(checkpoint.ModelWeights));
                _ = checkpoint.ReadModel();
            }

            foreach (var file in new[] { checkpoint.ModelWeights, checkpoint.VaeWeights })
                foreach (var entry in file.Entries) file.ReadBytes(entry.Name, 0, new byte[entry.ByteLength]);
        });

        // Most damage shows; what hits numbers only does not.
        Assert.InRange(refused, Each / 10, Each - 1);
    }
}
