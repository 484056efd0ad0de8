// `ditar quantize` on official VoxCPM folders: what it writes speaks bit for bit as the original whose weights are rounded on load, every command takes it, and
// damaged integers are told.

using Ditar.Edge;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public sealed class QuantizeVoxCpmTests(EdgeFolder edge)
{
    // Rows of an odd number of inputs, and of more than a group.
    private static readonly string Odd = SmallVoxCpm.One.Replace("\"intermediate_size\":12", "\"intermediate_size\":67", StringComparison.Ordinal);

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Goldens", name);

    [Theory]
    [InlineData("voxcpm-v1-tiny", "int8")]
    [InlineData("voxcpm-v1-tiny", "int4")]
    [InlineData("voxcpm-v2-tiny", "int8")]
    [InlineData("voxcpm-v2-tiny", "int4")]
    [InlineData("voxcpm-v2-tiny", "bf16")]
    [InlineData("odd", "int8")]
    [InlineData("odd", "int4")]
    public void A_quantized_folder_gives_the_bits_of_rounding_on_load(string name, string format)
    {
        using var made = new TemporaryFolder();
        if (name == "odd") SmallVoxCpm.Write(made, Odd, bin: true);
        var (original, folder) = (name == "odd" ? made.Path : Golden(name), Path.Combine(edge.Empty(), format));
        QuantizedFolder.Write(original, folder, EngineFormats.Named(format));
        using var ahead = OfficialSpeaker.Load(folder, new SpeechBackend(BackendKind.Simd));
        using var onLoad = OfficialSpeaker.Load(original, new SpeechBackend(BackendKind.Simd) { Weights = EngineFormats.Named(format) });
        Assert.Equal(onLoad.Engine, ahead.Engine);
        Assert.Equal(onLoad.NativeBytes, ahead.NativeBytes);
        var expected = Sound(onLoad);
        Assert.Contains(expected, sample => sample != 0);
        Assert.Equal(expected, Sound(ahead));

        // The definition reads the numbers that the integers stand for; in the engine rows of activations are rounded too.
        using var definition = OfficialSpeaker.Load(folder, new SpeechBackend(BackendKind.Definition));
        Assert.Contains(Sound(definition), sample => sample != 0);
    }

    [Fact]
    public void Every_command_takes_the_folder()
    {
        var work = edge.Empty();
        var original = Golden("voxcpm-v2-tiny");
        var told = DitarProcess.Run(work, ["quantize", "--model", original, "--to", "int4", "-o", "small"]).RequireDone();
        foreach (var part in (string[])["model.safetensors of", "int8", "int4", "table of symbols", "gains and biases", "small matrices", "as they were: ", "copied: ", "audiovae.safetensors", "tokenizer.json", "config.json"])
            Assert.Contains(part, told.Text, StringComparison.Ordinal);
        Assert.Contains("rounding: 100 %", told.Errors, StringComparison.Ordinal);
        Assert.Equal("", DitarProcess.Run(work, ["quantize", "--model", original, "--to", "int8", "-o", "smaller", "--quiet"]).RequireDone().Errors);
        Assert.True(new FileInfo(Path.Combine(work, "small", "model.safetensors")).Length < new FileInfo(Path.Combine(original, "model.safetensors")).Length);

        string[] say = ["say", "hello", "--steps", "2", "--reference", Path.Combine(original, "reference.wav")];
        Assert.Contains("int4 language model", DitarProcess.Run(work, [.. say, "--model", "small", "-o", "a.wav"]).RequireDone().Errors, StringComparison.Ordinal);
        DitarProcess.Run(work, [.. say, "--model", original, "--weights", "int4", "-o", "b.wav"]).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(work, "b.wav")), File.ReadAllBytes(Path.Combine(work, "a.wav")));

        var info = DitarProcess.Run(work, ["info", "--model", "small"]).RequireDone().Text;
        foreach (var part in (string[])["M I8", "M U8", "int4 language model, int8 diffusion weights, as they are stored"]) Assert.Contains(part, info, StringComparison.Ordinal);
        var bench = DitarProcess.Run(work, ["bench", "--model", "small", "--weights", "int8", "int4", "--seconds", "0.1", "--steps", "2", "--quiet"]).RequireDone().Text;
        Assert.Contains("int4 language model", bench, StringComparison.Ordinal);

        // A voice belongs to the speech tokenizer, which is the original's.
        DitarProcess.Run(work, ["voice", "add", "ann", "--reference", Path.Combine(original, "reference.wav"), "--model", original, "--voices", "voices"]).RequireDone();
        DitarProcess.Run(work, ["say", "hello", "--steps", "2", "--model", "small", "--voices", "voices", "--voice", "ann", "-o", "c.wav"]).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(work, "a.wav")), File.ReadAllBytes(Path.Combine(work, "c.wav")));
        Assert.Contains("not rounded yet", DitarProcess.Run(work, ["quantize", "--model", "small", "--to", "int8", "-o", "twice"]).RequireError(1), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_command_leaves_nothing()
    {
        if (OperatingSystem.IsWindows()) return;
        using var made = new TemporaryFolder();
        // Half a second's work and more.
        var wide = SmallVoxCpm.One.Replace("\"hidden_size\":8,\"intermediate_size\":12", "\"hidden_size\":512,\"intermediate_size\":8192", StringComparison.Ordinal)
            .Replace("\"num_attention_heads\":2", "\"num_attention_heads\":128", StringComparison.Ordinal);
        SmallVoxCpm.Write(made, wide, bin: false);
        var work = edge.Empty();
        using var ditar = DitarProcess.Start(work, ["quantize", "--model", made.Path, "--to", "int4", "-o", "small"]);
        ditar.Until(() => Directory.Exists(Path.Combine(work, "small.partial")));
        ditar.Signal("TERM");
        var result = ditar.Finish();
        Assert.True(result.ExitCode == 130, $"exit code {result.ExitCode}: {result.Errors}");
        Assert.Contains("cancelled", result.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));
    }

    [Theory]
    [InlineData("scale missing", "1 missing")]
    [InlineData("scale short", "of another shape")]
    [InlineData("scale infinite", "finite")]
    [InlineData("scale halves", "scales of F32")]
    [InlineData("integers short", "of another shape")]
    [InlineData("vector", "matrices only")]
    [InlineData("scale of nothing", "1 unexpected")]
    public void Damaged_integers_are_told(string damage, string expected)
    {
        using var made = new TemporaryFolder();
        SmallVoxCpm.Write(made, SmallVoxCpm.One, bin: false);
        var folder = Path.Combine(edge.Empty(), "damaged");
        QuantizedFolder.Write(made.Path, folder, EngineFormats.Named("int8"));
        var path = Path.Combine(folder, "model.safetensors");
        const string matrix = "residual_lm.layers.0.self_attn.k_proj.weight";
        var writer = new SafetensorsWriter();
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var entry in file.Entries)
            {
                var (shape, bytes, type) = (entry.Shape.ToArray(), new byte[entry.ByteLength], entry.Type);
                file.ReadBytes(entry.Name, 0, bytes);
                switch (damage)
                {
                    case "scale missing" when entry.Name == $"{matrix}.scale": continue;
                    case "scale short" when entry.Name == $"{matrix}.scale": (shape[0], bytes) = (shape[0] - 1, bytes[..^4]); break;
                    case "scale infinite" when entry.Name == $"{matrix}.scale": BitConverter.TryWriteBytes(bytes, float.NegativeInfinity); break;
                    case "scale halves" when entry.Name == $"{matrix}.scale": (type, bytes) = (SafetensorsType.BF16, bytes[..(bytes.Length / 2)]); break;
                    case "integers short" when entry.Name == matrix: (shape[1], bytes) = (shape[1] - 1, bytes[..^(int)shape[0]]); break;
                    case "vector" when entry.Name == "residual_lm.norm.weight": (type, bytes) = (SafetensorsType.I8, bytes[..(int)shape[0]]); break;
                }

                writer.Add(entry.Name, shape, type, stream => stream.Write(bytes));
            }

            if (damage == "scale of nothing") writer.Add("residual_lm.norm.weight.scale", [1], new float[1]);
        }

        writer.Save(path);
        using var loaded = damage is "scale infinite" or "scale halves" or "vector" ? VoxCpmCheckpoint.Open(folder) : null;
        var fault = Assert.Throws<CheckpointException>(() => loaded is null ? VoxCpmCheckpoint.Open(folder).ToString() : loaded.ReadModel(later: true).ToString());
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", fault.Message, StringComparison.Ordinal);
    }

    private static float[] Sound(OfficialSpeaker speaker) =>
        [.. speaker.Speak("hello there", new OfficialSpeakOptions { Steps = 3 }).SelectMany(chunk => chunk.Samples)];
}
