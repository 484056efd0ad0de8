// `ditar say --backend onnx` on official VoxCPM folders: the graphs speak what the definition does, and what is missing or does not fit is said in one line.

using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference.Files;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

[Collection(OnnxCollection.Name)]
public sealed class SayVoxCpmOnnxTests : IDisposable
{
    // As in SayOnnxTests: each backend rounds to 16 bits by itself.
    private const float TwoSteps = 2f / 32768;

    private readonly TemporaryFolder work = new();

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    public void Dispose() => work.Dispose();

    [Theory]
    [MemberData(nameof(Folders))]
    public void Exported_graphs_speak_what_the_definition_does(string golden)
    {
        using var opened = new VoxCpmGolden(golden);
        var folder = opened.Folder;
        Export(folder);
        Same(Say("definition.wav", "--backend", "definition"), Say("onnx.wav", "--backend", "onnx", "--onnx", Graphs, "--provider", "cpu"));
        if (!File.Exists(Path.Combine(folder, "prompt.wav"))) return;

        // Recordings are heard through the graph of the encoder.
        string[] heard = ["--prompt", Path.Combine(folder, "prompt.wav"), "--prompt-text", "hello there ", "--stream"];
        if (File.Exists(Path.Combine(folder, "reference.wav"))) heard = [.. heard, "--reference", Path.Combine(folder, "reference.wav")];
        Same(Say("definition-heard.wav", [.. heard, "--backend", "definition"]), Say("onnx-heard.wav", [.. heard, "--backend", "onnx", "--onnx", Graphs, "--provider", "cpu", "--threads", "2"]));

        float[] Say(string file, params string[] options)
        {
            var told = DitarProcess.Run(work.Path, ["say", "hello there", "-o", file, "--model", folder, "--steps", "4", "--seed", "3", .. options]).RequireDone().Errors;
            Assert.Equal(options.Contains("onnx"), told.Contains("ONNX Runtime 1.", StringComparison.Ordinal));
            Assert.Equal(options.Contains("onnx"), told.Contains("CPU was asked for", StringComparison.Ordinal));
            return WavFile.Read(work.File(file)).ToMono();
        }
    }

    [Fact]
    public void What_is_missing_or_does_not_fit_is_said()
    {
        using var one = new VoxCpmGolden(VoxCpmGolden.Folders[0]);
        using var other = new VoxCpmGolden(VoxCpmGolden.Folders[1]);
        Assert.Contains("'ditar-parity export --model DIR -o nowhere'", Fail(one.Folder, "--onnx", "nowhere"), StringComparison.Ordinal);
        Export(one.Folder);
        Assert.Contains("another model", Fail(other.Folder, "--onnx", Graphs), StringComparison.Ordinal);
        Assert.Contains("take --backend simd", Fail(one.Folder, "--onnx", Graphs, "--lora", "somewhere"), StringComparison.Ordinal);
        Assert.Contains("ditar-parity export", DitarProcess.Run(work.Path, ["say", "hello", "--model", one.Folder, "--backend", "onnx"]).RequireError(2), StringComparison.Ordinal);
    }

    private string Graphs => work.File("graphs");

    private void Export(string folder) => OnnxExport.Run(Graphs, ExportSource.Of(ParityModel.Open(folder)), new ExportOptions());

    private string Fail(string folder, params string[] options) =>
        DitarProcess.Run(work.Path, ["say", "hello", "-o", "-", "--model", folder, "--backend", "onnx", "--provider", "cpu", .. options]).RequireError(1);

    private static void Same(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.Contains(expected, sample => Math.Abs(sample) > 100 * TwoSteps);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - found[i]) <= TwoSteps, $"sample {i}: {expected[i]} and {found[i]}");
    }
}
