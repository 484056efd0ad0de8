// `ditar say --backend`: the backends speak the same, and what is missing or does not fit is said in one line.

using Ditar.Onnx;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Tests.Onnx;

namespace Ditar.Tests.Edge;

[Collection(OnnxCollection.Name)]
public sealed class SayOnnxTests(ExportFolder export) : IClassFixture<ExportFolder>
{
    // Two steps of 16-bit sound: each backend rounds to the nearest, so equal speech differs by one at most where a value lies on an edge.
    private const float TwoSteps = 2f / 32768;

    [Fact]
    public void All_backends_speak_the_same_with_the_same_seed_and_onnx_says_its_provider_and_why()
    {
        var simd = Say("simd.wav", out _);
        var reference = Say("reference.wav", out var told, "--backend", "reference");
        Assert.Contains("plain kernels, 1 thread", told);
        var onnx = Say("onnx.wav", out told, "--backend", "onnx", "--onnx", export.Graphs, "--provider", "cpu");
        Assert.Contains("ONNX Runtime 1.", told);
        Assert.Contains("CPU was asked for", told);
        Assert.NotEmpty(simd);
        Assert.Contains(simd, sample => Math.Abs(sample) > 100 * TwoSteps);
        Same(simd, reference);
        Same(simd, Say("definition.wav", out told, "--backend", "definition"));
        Assert.Contains("simd kernels", told);
        Same(simd, Say("threads.wav", out _, "--threads", "3"), 0);
        Same(simd, onnx);

        var other = Say("other.wav", out _, "--seed", "8");
        Assert.Contains(simd.Zip(other), pair => Math.Abs(pair.First - pair.Second) > 100 * TwoSteps);
    }

    [Fact]
    public void Automatic_says_why_it_did_not_take_the_others()
    {
        Say("auto.wav", out var told, "--backend", "onnx", "--onnx", export.Graphs);
        Assert.True(told.Contains("CUDA not taken: ", StringComparison.Ordinal) || told.Contains("CUDA works", StringComparison.Ordinal), told);
    }

    [Theory]
    [InlineData("--backend onnx", "--onnx with the folder")]
    [InlineData("--onnx graphs", "--backend onnx")]
    [InlineData("--provider cpu", "--backend onnx")]
    [InlineData("--backend onnx --onnx graphs --provider tpu", "tpu")]
    [InlineData("--backend cuda", "cuda")]
    [InlineData("--backend reference --threads 2", "one thread")]
    [InlineData("--backend definition --weights int8", "--weights goes with")]
    [InlineData("--weights int2", "int2")]
    public void Wrong_combinations_end_with_2(string options, string told) =>
        Assert.Contains(told, DitarProcess.Run(export.Root, ["say", "hello", .. options.Split(' ')]).RequireError(2));

    [Fact]
    public void A_provider_that_is_not_there_is_refused()
    {
        // The library in .deps has no CUDA kernels; one that somebody named may have.
        if (ProviderState.Of(OnnxLibrary.Shared, OnnxProvider.Cuda).Works) return;
        Assert.Contains("CUDA provider cannot be used", Fail("--onnx", export.Graphs, "--provider", "cuda"));
    }

    [Fact]
    public void A_missing_library_or_folder_and_graphs_of_another_model_are_refused()
    {
        Assert.Contains("manifest.json", Fail("--onnx", Path.Combine(export.Root, "nowhere"), "--provider", "cpu"));

        var result = DitarProcess.Run(
            export.Root, ["say", "hello", "-o", "-", "-m", export.ModelFolder, "--backend", "onnx", "--onnx", export.Graphs],
            change: start => start.Environment["DITAR_ONNXRUNTIME"] = export.Root);
        Assert.Contains("eng/fetch-onnxruntime.sh", result.RequireError(1));

        var larger = Path.Combine(export.Root, "larger-graphs");
        var model = TinyCheckpoint.Write(Path.Combine(export.Root, "larger"), model: ExportFolder.Model with { LanguageModel = new(3, 16, 2, 24) }, vae: ExportFolder.Vae);
        ExportFolder.Export(DitarCheckpoint.Load(model), larger);
        Assert.Contains("model.language_model.layers", Fail("--onnx", larger, "--provider", "cpu"));

        var same = Path.Combine(export.Root, "same-size-graphs");
        var other = TinyCheckpoint.Write(Path.Combine(export.Root, "same-size"), stopBias: 1, model: ExportFolder.Model, vae: ExportFolder.Vae);
        ExportFolder.Export(DitarCheckpoint.Load(other), same);
        Assert.Contains("other weights of the same sizes", Fail("--onnx", same, "--provider", "cpu"));
    }

    private static void Same(float[] expected, float[] found, float allowed = TwoSteps)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - found[i]) <= allowed, $"sample {i}: {expected[i]} and {found[i]}");
    }

    private float[] Say(string file, out string told, params string[] options)
    {
        var path = Path.Combine(export.Root, file);
        told = DitarProcess.Run(export.Root, ["say", "hello", "-o", path, "-m", export.ModelFolder, .. options]).RequireDone().Errors;
        return WavFile.Read(path).ToMono();
    }

    private string Fail(params string[] options) =>
        DitarProcess.Run(export.Root, ["say", "hello", "-o", "-", "-m", export.ModelFolder, "--backend", "onnx", .. options]).RequireError(1);
}
