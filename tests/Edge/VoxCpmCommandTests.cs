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
        Assert.Contains("recorded noise", DitarProcess.Run(work, [.. arguments, "--attempts", "2"]).RequireError(1), StringComparison.Ordinal);
        string[] longer = ["say", string.Join(' ', Enumerable.Repeat("hello there.", 40)), .. arguments[2..]];
        Assert.Contains("is for one utterance", DitarProcess.Run(work, longer).RequireError(1), StringComparison.Ordinal);
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
    [InlineData("voxcpm-v1-tiny", "float32")]
    [InlineData("voxcpm-v1-tiny", "bf16")]
    [InlineData("voxcpm-v2-tiny", "int8")]
    [InlineData("voxcpm-v2-tiny", "int4")]
    public void The_fused_engine_speaks_in_every_format_and_says_so(string name, string format)
    {
        var work = edge.Empty();
        string[] say = ["say", "hello", "--model", Golden(name), "--steps", "2", "--weights", format];
        Assert.Contains($"simd engine, {Ditar.Simd.EngineFormats.Named(format)} weights", DitarProcess.Run(work, [.. say, "-o", "a.wav"]).RequireDone().Errors, StringComparison.Ordinal);
        DitarProcess.Run(work, [.. say, "--threads", "2", "-o", "b.wav"]).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(work, "a.wav")), File.ReadAllBytes(Path.Combine(work, "b.wav")));
    }

    [Theory]
    [InlineData("only VoxCPM 2", "--reference", "prompt.wav")]
    [InlineData("no voice is stored there", "--voice", "ann", "--voices", "nowhere")]
    [InlineData("cannot be a voice's name", "--voice", "../ann")]
    [InlineData("no temperature", "--temperature", "0.5")]
    [InlineData("already has", "--control", "calm", "--prompt", "prompt.wav", "--prompt-text", "one ")]
    [InlineData("no folder", "--plot", "nowhere/a.svg")]
    [InlineData("there is no nothing", "--noise", "nothing")]
    public void What_cannot_be_is_said(string part, params string[] arguments)
    {
        var folder = Golden("voxcpm-v1-tiny");
        string[] given = [.. arguments.Select(argument => argument == "prompt.wav" ? Path.Combine(folder, argument) : argument)];
        Assert.Contains(part, DitarProcess.Run(edge.Empty(), ["say", "hello", "--model", folder, .. given]).RequireError(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--reference", "a.wav")]
    [InlineData("--control", "calm")]
    [InlineData("--noise", "torch-cpu")]
    [InlineData("--lora", "folder")]
    [InlineData("--attempts", "2")]
    [InlineData("--voices", "folder", "--voice", "ann")]
    public void Options_of_the_other_family_are_refused_by_name(string option, params string[] values) =>
        Assert.Contains($"{option} is for VoxCPM models", DitarProcess.Run(edge.Empty(), ["say", "hello", "--model", edge.Model, option, .. values]).RequireError(1), StringComparison.Ordinal);

    [Theory]
    [InlineData("--attempts excludes", "--attempts", "2", "--stream")]
    [InlineData("--attempts excludes", "--attempts", "2", "-o", "-")]
    [InlineData("--voice or --reference", "--voice", "a", "--reference", "b.wav")]
    [InlineData("--voices goes with", "--voices", "folder")]
    [InlineData("--attempts must be 1 to 16", "--attempts", "0")]
    [InlineData("--longest must be 16 to", "--longest", "7")]
    public void Options_that_exclude_each_other_end_with_2(string part, params string[] arguments) =>
        Assert.Contains(part, DitarProcess.Run(edge.Empty(), ["say", "hello", .. arguments]).RequireError(2), StringComparison.Ordinal);

    [Fact]
    public void A_long_text_is_the_same_in_a_file_a_stream_and_a_pipe()
    {
        var work = edge.Empty();
        string[] say = ["say", "One two three. Four five six. Seven eight nine.", "--model", Golden("voxcpm-v2-tiny"), "--steps", "2", "--longest", "18", "--seed", "5"];
        var whole = DitarProcess.Run(work, [.. say, "--attempts", "1", "-o", "a.wav"]).RequireDone();
        Assert.Contains("utterance 3 of 3", whole.Errors, StringComparison.Ordinal);
        DitarProcess.Run(work, [.. say, "--stream", "-o", "b.wav"]).RequireDone();
        var pipe = DitarProcess.Run(work, [.. say, "-o", "-"]).RequireDone();
        var file = File.ReadAllBytes(Path.Combine(work, "a.wav"));
        Assert.Equal(file, File.ReadAllBytes(Path.Combine(work, "b.wav")));
        Assert.Equal(file[44..], pipe.Output);
    }

    [Fact]
    public void A_stopped_long_text_leaves_a_whole_file_of_what_was_spoken()
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = edge.Empty();
        var text = string.Join(' ', Enumerable.Repeat("Tell me a long story.", 500));
        var partial = Path.Combine(folder, "a.wav.partial");
        using var ditar = DitarProcess.Start(folder, ["say", "-", "-o", "a.wav", "--model", Golden("voxcpm-v1-tiny"), "--longest", "24", "--steps", "2"], text);
        ditar.Until(() => File.Exists(partial) && new FileInfo(partial).Length > 44);
        ditar.Signal("TERM");
        var result = ditar.Finish();
        Assert.True(result.ExitCode == 130, $"exit code {result.ExitCode}: {result.Errors}");
        var wav = WavFile.Read(Path.Combine(folder, "a.wav"));
        Assert.Empty(wav.Warnings);
        Assert.True(wav.Frames > 0);
        Assert.Equal([Path.Combine(folder, "a.wav")], Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Info_about_both_file_formats()
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.Two, bin: true);
        var text = DitarProcess.Run(edge.Empty(), ["info", "--model", folder.Path]).RequireDone().Text;
        foreach (var part in (string[])["VoxCPM 2", "writes 48000 Hz", "pytorch_model.bin", "BF16", "audiovae.pth", "no positions", "bf16 weights, as they are stored"]) Assert.Contains(part, text, StringComparison.Ordinal);
        using var json = System.Text.Json.JsonDocument.Parse(DitarProcess.Run(edge.Empty(), ["info", "--json", "--model", Golden("voxcpm-v1-tiny")]).RequireDone().Text);
        Assert.Equal(24 * 2 * 1000.0 / 16000, json.RootElement.GetProperty("patch_milliseconds").GetDouble());
    }
}
