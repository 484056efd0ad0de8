// VoxCPM's engines for a folder: all backends speak the same, and what one is not made for is said.

using Ditar.Edge;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

public class VoxCpmEngineTests
{
    [Theory]
    [InlineData(BackendKind.Simd, 2, false)]
    [InlineData(BackendKind.Simd, 1, true)]
    [InlineData(BackendKind.Definition, 2, false)]
    [InlineData(BackendKind.Reference, 1, false)]
    public void Every_backend_speaks_what_the_plain_definition_does(BackendKind kind, int threads, bool two)
    {
        using var folder = new TemporaryFolder();
        // Of version 2 with nothing that the fused decoder lacks.
        var config = two ? SmallVoxCpm.One.Replace("\"voxcpm\"", "\"voxcpm2\"", StringComparison.Ordinal) : SmallVoxCpm.One;
        SmallVoxCpm.Write(folder, config, bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        using var engine = OfficialEngine.Start(new SpeechBackend(kind, threads), folder.Path);
        using var session = engine.Rent();
        var recording = new float[100];
        for (var i = 0; i < recording.Length; i++) recording[i] = MathF.Sin(i * 0.1f);
        var prompt = engine.EncodePrompt(recording);
        var truth = new VoxCpmSpeaker(checkpoint.ReadModel(), checkpoint.Tokenizer, checkpoint.ReadVae().Vocoder());
        var expected = Speak(truth, new PlainKernels(), prompt);
        var found = Speak(session.Speaker, engine.Kernels, prompt);
        Assert.Equal(expected.Length, found.Length);
        var largest = expected.Max(Math.Abs);
        Assert.True(largest > 0);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], Tolerances.VoxCpmWave * largest);
        Assert.Equal(kind != BackendKind.Reference, engine.NativeBytes > 0);
    }

    [Fact]
    public void What_cannot_run_these_models_says_so()
    {
        Assert.Throws<ArgumentException>(() => OfficialEngine.Start(new SpeechBackend(BackendKind.Onnx, 1), "nowhere"));
        Assert.Throws<ArgumentException>(() => OfficialEngine.Start(new SpeechBackend(BackendKind.Reference, 2), "nowhere"));
    }

    private static float[] Speak(VoxCpmSpeaker speaker, IKernels kernels, Ditar.Reference.Tensor prompt)
    {
        using var scope = KernelSet.Use(kernels);
        var options = new VoxCpmOptions { Steps = 4, MaxLength = 5, MinLength = 5 };
        var request = speaker.Request("a b c", new VoxCpmVoice("b a", prompt, null), options, new SeededNoise(3));
        return [.. speaker.Generate(request).SelectMany(patch => patch.Samples)];
    }
}
