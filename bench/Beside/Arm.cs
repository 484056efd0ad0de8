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
    private const int Piece = 256;

    /// <summary>Of our own arms, with the names in the tables.</summary>
    public static readonly IReadOnlyList<(WeightFormat Format, string Name)> Formats = [(WeightFormat.Float32, "float32"), (WeightFormat.BFloat16, "bf16"), (WeightFormat.Int8, "int8")];

    /// <summary>For what the loop and the sampler compute themselves.</summary>
    public IKernels Kernels { get; init; } = new SimdKernels();

    public IDisposable? Owned { get; init; }

    /// <summary>Sound comes at the end of an utterance, all at once: the wait for the first is measured with an utterance of one patch.</summary>
    public bool SoundsAtEnd { get; init; }

    /// <summary>ONNX Runtime with threads that spin between operators and with threads that sleep: which is faster depends on the graph.</summary>
    public static IReadOnlyList<Arm> Onnx(OnnxLibrary library, string folder, BenchModel model, int threads)
    {
        return [Of(spinning: true), Of(spinning: false)];

        Arm Of(bool spinning)
        {
            var exported = ExportedModel.Open(library, folder, OnnxGraphRun.Options(threads, spinning));
            return new Arm(
                spinning ? "spinning" : "sleeping", exported.Encoder, exported.Language, exported.Field, exported.Vocoder, PatchShape.Of(model.Model.Config),
                model.Model.Config.LanguageModel.Width, model.Model.Tokenizer.AudioStartId)
            { Owned = exported };
        }
    }

    /// <summary>The faster of two, by a trial after a warm-up; the other is let go, because the memory may not hold both beside our own weights.</summary>
    public static Arm Faster(Arm first, Arm second, Func<Arm, double> trial)
    {
        var seconds = Stopwatches.TimeArms(1, () => trial(first), () => trial(second));
        var (kept, other) = seconds[0].Median <= seconds[1].Median ? (first, second) : (second, first);
        other.Dispose();
        return kept;
    }

    /// <summary>The engine, once per weight format.</summary>
    public static IReadOnlyList<Arm> Ours(BenchModel model, int threads)
    {
        var (networks, config) = (model.Networks, model.Model.Config);
        return [.. Formats.Select(Of)];

        Arm Of((WeightFormat Format, string Name) format)
        {
            var pool = threads > 1 ? new WorkerPool(threads) : null;
            var packed = new InferenceModel(networks.Model, EngineFormats.All(format.Format), pool);
            var session = packed.Start(pool);
            var vocoder = new FusedVocoder(networks.Autoencoder, pool);
            return new Arm(
                format.Name, session.Encoder, session.Language, session.Field, vocoder, PatchShape.Of(config), config.LanguageModel.Width, model.Model.Tokenizer.AudioStartId)
            {
                Kernels = new SimdKernels(pool),
                Owned = new Owner([session, vocoder, packed, .. pool is null ? Array.Empty<IDisposable>() : [pool]]),
            };
        }
    }

    /// <summary>A sequence of the language model behind <paramref name="context"/> positions.</summary>
    public ILanguageState Behind(int context)
    {
        using var scope = KernelSet.Use(Kernels);
        var state = Language.Start();
        // In pieces: attention of thousands of positions to each other would take gigabytes from some.
        for (var done = 0; done < context; done += Piece) Language.Forward(Noise(Math.Min(Piece, context - done), Width), state);
        return state;
    }

    /// <summary>Seconds of one step of the language model, the mean over <paramref name="steps"/> of them, by which the sequence grows.</summary>
    public double LanguageStep(ILanguageState state, int steps)
    {
        using var scope = KernelSet.Use(Kernels);
        var input = Noise(1, Width);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++) Language.Forward(input, state);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
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
        var whole = Utter(text, sampler, patches);
        return SoundsAtEnd ? whole with { First = Utter(text, sampler, 1).All } : whole;
    }

    public void Dispose() => Owned?.Dispose();

    private (double First, double All, double Audio) Utter(int[] text, PatchSampler sampler, int patches)
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

    private static Tensor Noise(int rows, int columns)
    {
        var random = new Random(rows);
        return Tensor.From([.. Enumerable.Range(0, rows * columns).Select(_ => ((random.NextSingle() * 2) - 1) * 1.732f)], rows, columns);
    }
}

/// <summary>Disposes of several in order.</summary>
internal sealed class Owner(IDisposable[] all) : IDisposable
{
    public void Dispose()
    {
        foreach (var each in all) each.Dispose();
    }
}
