// The golden files open, and hold what their description says.
using Ditar.Reference.Files;

namespace Ditar.Tests.Reference.Files;

public class GoldenFileTests
{
    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("model", 0)]
    [InlineData("audiovae", 0)]
    [InlineData("golden", 306)]
    public void Every_tensor_can_be_read_and_is_finite(string name, int tensors)
    {
        using var file = SafetensorsFile.Open(Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v1-tiny", name + ".safetensors"));
        Assert.True(tensors == 0 ? file.Entries.Count > 50 : file.Entries.Count == tensors, $"{file.Entries.Count} tensors");
        foreach (var entry in file.Entries)
        {
            if (entry.Type == SafetensorsType.F32)
                file.CheckFinite(entry.Name);
            else
                file.ReadInt64(entry.Name, new long[entry.Count]);
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void The_prompt_is_audio_and_the_masks_of_the_prefill_are_complementary()
    {
        using var file = SafetensorsFile.Open(Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v1-tiny", "golden.safetensors"));
        var samples = new float[file.Require("wav.prompt.samples", 229).Count];
        file.ReadFloat32("wav.prompt.samples", samples);
        // 16-bit samples divided by 32768: whole numbers after the multiplication.
        Assert.All(samples, sample => Assert.Equal(MathF.Round(sample * 32768), sample * 32768));

        var (text, audio) = (new long[27], new long[27]);
        file.ReadInt64("inf.prompt.text_mask", text);
        file.ReadInt64("inf.prompt.audio_mask", audio);
        Assert.Equal(Enumerable.Repeat(1L, 27), text.Zip(audio, (a, b) => a + b));
    }
}
