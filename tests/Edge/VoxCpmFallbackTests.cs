// A model with parts that the fused decoder lacks speaks all the same, with the definition's decoder, and the engine's line says which and why.

using Ditar.Edge;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

public class VoxCpmFallbackTests
{
    [Theory]
    [InlineData("noise block", "\"use_noise_block\":true")]
    [InlineData("rate conditions", "\"cond_type\":\"concat\",\"cond_dim\":3,\"cond_out_layer\":true")]
    [InlineData("rate conditions", "\"cond_out_layer\":true")]
    public void What_the_fused_decoder_lacks_is_named_and_the_definition_decodes(string missing, string option)
    {
        using var folder = new TemporaryFolder();
        var config = SmallVoxCpm.One.Replace("\"voxcpm\"", "\"voxcpm2\"", StringComparison.Ordinal)
            .Replace("\"sample_rate\":16000", $"\"sample_rate\":16000,\"out_sample_rate\":48000,\"sr_bin_boundaries\":[20000,30000],{option}", StringComparison.Ordinal);
        SmallVoxCpm.Write(folder, config, bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        var reason = Assert.Throws<NotSupportedException>(() => new FusedVocoder(checkpoint.ReadVae())).Message;
        Assert.Contains(missing, reason, StringComparison.Ordinal);
        using var engine = OfficialEngine.Start(new SpeechBackend(BackendKind.Simd, 1), folder.Path);
        Assert.Contains($"definition's decoder ({reason.TrimEnd('.')})", engine.Name, StringComparison.Ordinal);
        Assert.Contains("simd engine", engine.Name, StringComparison.Ordinal);

        using var session = engine.Rent();
        var expected = Speak(new VoxCpmSpeaker(checkpoint.ReadModel(), checkpoint.Tokenizer, checkpoint.ReadVae().Vocoder()), new PlainKernels());
        var found = Speak(session.Speaker, engine.Kernels);
        Assert.Equal(expected.Length, found.Length);
        var largest = expected.Max(Math.Abs);
        Assert.True(largest > 0);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], Tolerances.VoxCpmWave * largest);
    }

    private static float[] Speak(VoxCpmSpeaker speaker, IKernels kernels)
    {
        using var scope = KernelSet.Use(kernels);
        var options = new VoxCpmOptions { Steps = 4, MaxLength = 5, MinLength = 5 };
        return [.. speaker.Generate(speaker.Request("a b c", VoxCpmVoice.None, options, new SeededNoise(3))).SelectMany(patch => patch.Samples)];
    }
}
