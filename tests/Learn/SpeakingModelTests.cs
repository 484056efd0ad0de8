// Who speaks in an evaluation: the engine says what the definition says, and in a coarser weight format something else that is as long.

using Ditar.Learn;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Simd;
using Ditar.Tests.Edge;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Learn;

public sealed class SpeakingModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Engine_and_definition_say_the_same_and_formats_differ()
    {
        // A velocity that starts at zero would hide everything before it.
        var checkpoint = DitarCheckpoint.Load(TinyCheckpoint.Write(folder.File("model"), TinyCheckpoint.NeverStops, change: (name, shape, values) =>
            (shape, name == "diffusion.output.weight" ? [.. values.Select((_, i) => 0.3f * MathF.Sin(i + 1))] : values)));
        using var definition = SpeakingModel.Definition(checkpoint);
        using var single = SpeakingModel.Engine(checkpoint, EngineFormats.Named("float32"));
        using var rounded = SpeakingModel.Engine(checkpoint, EngineFormats.Named("int8"));
        Assert.Equal("the definition", definition.Name);
        Assert.StartsWith("the engine, int8 weights of ", rounded.Name, StringComparison.Ordinal);
        var (truth, same, other) = (Latents(definition), Latents(single), Latents(rounded));

        // 3 patches of 2 steps: errors of some 1e-6 a call, carried on; 8 bits cost some 1e-3 and more.
        Assert.InRange(Distance(same, truth), 0, 1e-4);
        Assert.InRange(Distance(other, truth), 2e-4, 0.5);

        double[] Latents(SpeakingModel speaker)
        {
            var request = new GenerationRequest(checkpoint.Tokenizer.Encode("one").Ids, new SamplerOptions { Steps = 2, Seed = 3 }) { MaxPatches = 3 };
            var patches = speaker.Speak(request, CancellationToken.None);
            Assert.Equal(3, patches.Count);
            Assert.Equal(3 * TinyCheckpoint.PatchSamples, patches.Sum(patch => patch.Samples.Length));
            return [.. patches.SelectMany(patch => patch.Latents.ToDoubles())];
        }
    }

    private static double Distance(double[] found, double[] truth) =>
        Math.Sqrt(found.Zip(truth, (a, b) => (a - b) * (a - b)).Sum() / truth.Sum(b => b * b));
}
