// One way to run a whole model: the four parts of the generation loop, and the kernels around them.

using System.Diagnostics;
using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Bench;

/// <param name="Name">"float32", or how ONNX Runtime waits.</param>
internal sealed record Arm(
    string Name, IPatchEncoder Encoder, ILanguageModel Language, IVelocityField Field, IVocoder Vocoder, PatchShape Shape, int Width, int AudioStart) : IDisposable
{
    /// <summary>For what the loop and the sampler compute themselves.</summary>
    public IKernels Kernels { get; init; } = new SimdKernels();

    public IDisposable? Owned { get; init; }

    public static IReadOnlyList<Arm> Onnx(OnnxLibrary library, string folder, BenchModel model, int threads) =>
    [
        .. new[] { true, false }.Select(spinning =>
        {
            var exported = ExportedModel.Open(library, folder, OnnxGraphRun.Options(threads, spinning));
            return new Arm(
                spinning ? "spinning" : "sleeping", exported.Encoder, exported.Language, exported.Field, exported.Vocoder, PatchShape.Of(model.Model.Config),
                model.Model.Config.LanguageModel.Width, model.Model.Tokenizer.AudioStartId) { Owned = exported };
        }),
    ];

    public static IReadOnlyList<Arm> Ours(BenchModel model, int threads)
    {
        var (networks, pool) = (model.Networks, threads > 1 ? new WorkerPool(threads) : null);
        var config = model.Model.Config;
        return
        [
            new Arm(
                "definition on kernels", networks.Model.Encoder, networks.Model.LanguageModel, networks.Model.Diffusion, new Reference.Vae.VaeVocoder(networks.Autoencoder),
                PatchShape.Of(config), config.LanguageModel.Width, model.Model.Tokenizer.AudioStartId) { Owned = pool, Kernels = new SimdKernels(pool) },
        ];
    }

    /// <summary>Seconds of one step of the language model, the mean over <paramref name="steps"/> of them behind <paramref name="context"/> positions.</summary>
    public double LanguageStep(int context, int steps)
    {
        using var scope = KernelSet.Use(Kernels);
        var state = Language.Start();
        Language.Forward(Noise(context, Width), state);
        var input = Noise(1, Width);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++) Language.Forward(input, state);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
        (state as IDisposable)?.Dispose();
        return seconds;
    }

    /// <summary>Seconds of the whole sampler of one patch.</summary>
    public double Solve(PatchSampler sampler)
    {
        using var scope = KernelSet.Use(Kernels);
        var request = new PatchRequest(Noise(1, Width), Noise(Shape.HistoryPatches * Shape.PatchSize, Shape.LatentDim).Reshape(1, -1, Shape.LatentDim), Shape.PatchSize, 0);
        var start = Stopwatch.GetTimestamp();
        sampler.Sample(Field, request, new SeededNoise(1));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>One utterance of a fixed number of patches, whatever the stop head says.</summary>
    /// <returns>Seconds from the call to the first samples, to the end, and of sound.</returns>
    public (double First, double All, double Audio) Speak(int[] text, PatchSampler sampler, int patches)
    {
        using var scope = KernelSet.Use(Kernels);
        var loop = new GenerationLoop(Encoder, Language, Field, Vocoder, Shape, AudioStart);
        var request = new GenerationRequest(text, sampler, new SeededNoise(1)) { MinPatches = patches, MaxPatches = patches };
        var (first, samples) = (0.0, 0);
        var start = Stopwatch.GetTimestamp();
        foreach (var patch in loop.Generate(request))
        {
            samples += patch.Samples.Length;
            if (samples > 0 && first == 0) first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return (first, Stopwatch.GetElapsedTime(start).TotalSeconds, (double)samples / Vocoder.SampleRate);
    }

    public void Dispose() => Owned?.Dispose();

    private static Tensor Noise(int rows, int columns)
    {
        var random = new Random(rows);
        return Tensor.From([.. Enumerable.Range(0, rows * columns).Select(_ => ((random.NextSingle() * 2) - 1) * 1.732f)], rows, columns);
    }
}
