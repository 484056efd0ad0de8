// The same seed gives the same speech whatever the number of threads: bits, not tolerances.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Tests.Reference.Speech;

[Trait("Category", "Kernel")]
public class ThreadCountTests
{
    [Fact]
    public void OneAndSeveralThreadsGenerateTheSameBits()
    {
        // Wide enough that the feed-forward products of a prefill of 40 symbols are split over the pool.
        var config = DitarConfig.Tiny(20) with { LanguageModel = new(2, 256, 4, 1024), Encoder = new(1, 256, 4, 1024), Diffusion = new(1, 256, 4, 1024) };
        var model = new DitarModel(new RandomParameters(ElementType.Float32, 1), config);

        // The output projection starts at zero, which would hide everything before it.
        NormalSource.FillNormal(1, 0, 0, model.Diffusion.Output.Weight.Values<float>());
        int[] text = [.. Enumerable.Range(0, 40).Select(i => i % 19)];
        var request = new GenerationRequest(text, new SamplerOptions { Steps = 3, Seed = 5 }) { MinPatches = 4, MaxPatches = 4 };

        var alone = Latents(null);
        Assert.Contains(alone, x => Math.Abs(x) > 0.1);
        foreach (var threads in new[] { 2, 3 })
        {
            using var pool = new WorkerPool(threads);
            Assert.Equal(alone, Latents(pool));
        }

        float[] Latents(WorkerPool? pool)
        {
            using var kernels = KernelSet.Use(new SimdKernels(pool));
            return [.. new GenerationLoop(model, null, 19).Generate(request).SelectMany(patch => patch.Latents.ToSingles())];
        }
    }
}
