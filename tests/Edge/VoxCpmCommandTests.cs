// `ditar say` and `ditar info` on official VoxCPM folders: the recorded checkpoints and small made-up ones.

using Ditar.Reference.Files;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class VoxCpmCommandTests(EdgeFolder edge)
{
    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Goldens", name);

    /// <summary>The recorded noise comes from a file; the sound is the recorded one to the 16 bits of the file.</summary>
    [Fact]
    public void Says_what_was_recorded()
    {
        var work = edge.Empty();
        using var golden = new VoxCpmGolden("voxcpm-v2-tiny");
        var noise = golden.Read("inf.ref_prompt.noise", Ditar.Reference.ElementType.Float32);
        var writer = new SafetensorsWriter();
        writer.Add("noise", [noise[0], noise[1], noise[2]], noise.ToSingles());
        writer.Save(Path.Combine(work, "noise.safetensors"));
        var folder = Golden("voxcpm-v2-tiny");
        var arguments = new[]
        {
            "say", "hello there 世界", "--model", folder, "--steps", "4", "--noise", "noise.safetensors", "--reference", Path.Combine(folder, "reference.wav"),
            "--prompt", Path.Combine(folder, "prompt.wav"), "--prompt-text", "测试一下，", "-o", "a.wav",
        };
        DitarProcess.Run(work, arguments).RequireDone();
        var samples = WavFile.Read(Path.Combine(work, "a.wav"));
        Assert.Equal(48_000, samples.SampleRate);
        var recorded = golden.Read("inf.ref_prompt.audio", Ditar.Reference.ElementType.Float32).ToSingles();

        // The recording was not allowed to stop; this one ends with the fifth of its six patches, where the stop head fires.
        Assert.Equal(recorded.Length / 6 * 5, samples.Samples.Length);
        for (var i = 0; i < samples.Samples.Length; i++) Assert.Equal(recorded[i], samples.Samples[i], 1.5 / 32768);
    }

    [Fact]
    public void Speaks_with_pytorchs_noise_and_a_described_voice()
    {
        var work = edge.Empty();
        foreach (var file in (string[])["a.wav", "b.wav"])
            DitarProcess.Run(work, ["say", "a b", "--model", Golden("voxcpm-v1-tiny"), "--noise", "torch-cpu", "--seed", "3", "--control", "calm", "--steps", "2", "-o", file]).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(work, "a.wav")), File.ReadAllBytes(Path.Combine(work, "b.wav")));
    }

    [Theory]
    [InlineData("fused engine", "--backend", "simd")]
    [InlineData("fused engine", "--weights", "int8")]
    [InlineData("Only VoxCPM 2", "--reference", "prompt.wav")]
    [InlineData("stores no voices", "--voice", "ann")]
    [InlineData("no temperature", "--temperature", "0.5")]
    [InlineData("there is no nothing", "--noise", "nothing")]
    public void What_cannot_be_is_said(string part, params string[] arguments)
    {
        var folder = Golden("voxcpm-v1-tiny");
        string[] given = [.. arguments.Select(argument => argument == "prompt.wav" ? Path.Combine(folder, argument) : argument)];
        Assert.Contains(part, DitarProcess.Run(edge.Empty(), ["say", "hello", "--model", folder, .. given]).RequireError(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_the_other_family_are_refused() =>
        Assert.Contains("VoxCPM models", DitarProcess.Run(edge.Empty(), ["say", "hello", "--model", edge.Model, "--control", "calm"]).RequireError(1), StringComparison.Ordinal);

    [Fact]
    public void Info_about_both_file_formats()
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.Two, bin: true);
        var text = DitarProcess.Run(edge.Empty(), ["info", "--model", folder.Path]).RequireDone().Text;
        foreach (var part in (string[])["VoxCPM 2", "writes 48000 Hz", "pytorch_model.bin", "BF16", "audiovae.pth", "no positions"]) Assert.Contains(part, text, StringComparison.Ordinal);
        using var json = System.Text.Json.JsonDocument.Parse(DitarProcess.Run(edge.Empty(), ["info", "--json", "--model", Golden("voxcpm-v1-tiny")]).RequireDone().Text);
        Assert.Equal(24 * 2 * 1000.0 / 16000, json.RootElement.GetProperty("patch_milliseconds").GetDouble());
    }
}
