// .NET compiles code when it first runs, and the first patch of a process runs nearly all of the engine's: a third of a second. Reading weights is mostly work
// for one thread, so meanwhile another speaks a few patches with made-up weights in a model that differs from the real one in widths and depths only: what
// the first real patch needs is compiled by then. Nothing else comes of it; a process rehearses each kind of model once.

using System.Collections.Concurrent;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class Rehearsal
{
    // Rows of a product are taken in tiles of up to so many, and each count has code of its own.
    private const int MostRows = 12;

    private static readonly ConcurrentDictionary<string, bool> Rehearsed = new(StringComparer.Ordinal);

    /// <summary>On a thread of its own, if the machine has a second one. A damaged folder is left to be reported by who loads it.</summary>
    /// <param name="formats">Null for what the folder stores.</param>
    /// <returns>Ends with the rehearsal.</returns>
    public static Task Start(string folder, EngineFormats? formats) => Environment.ProcessorCount == 1
        ? Task.CompletedTask
        : Task.Factory.StartNew(() => Run(folder, formats), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Run(string folder, EngineFormats? formats)
    {
        var config = CheckpointConfig.Read(Path.Combine(folder, DitarCheckpoint.ConfigFile));
        if (formats is null)
        {
            using var weights = SafetensorsFile.Open(Path.Combine(folder, DitarCheckpoint.ModelFile));
            formats = EngineFormats.Stored(weights);
        }

        var model = config.Model;
        var kind = $"{formats} {model.PatchSize} {model.HistoryPatches} {model.HeadDim} {model.FeedForwardKind} {config.Vae.Decoder}";
        if (Rehearsed.TryAdd(kind, true)) Run(config, formats);
    }

    public static void Run(CheckpointConfig config, EngineFormats formats)
    {
        using var kernels = KernelSet.Use(new SimdKernels(null));
        var (small, vae) = (Small(config.Model), Small(config.Vae));
        using var model = new InferenceModel(new DitarModel(new RandomParameters(ElementType.Float32, 0), small), formats);
        using var vocoder = new FusedVocoder(new Autoencoder(new RandomParameters(ElementType.Float32, 0).Root, vae));
        using var session = model.Start();
        var loop = new GenerationLoop(session.Encoder, session.Language, session.Field, vocoder, PatchShape.Of(small), audioStart: 0);
        var options = new SamplerOptions { Steps = Math.Min(2, config.Sampling.Steps), Guidance = config.Sampling.Guidance, Temperature = config.Sampling.Temperature };
        // Two patches: the second follows from the first.
        var request = new GenerationRequest(new int[MostRows - 1], options) { MinPatches = 2, MaxPatches = 2 };
        foreach (var patch in loop.Generate(request)) _ = patch.Samples;
        for (var rows = 2; rows < MostRows; rows++)
        {
            using var state = session.Language.Start();
            session.Language.Forward(session.Language.Embed(new int[rows]), state);
        }
    }

    // Two layers: the last one of LocDiT is computed differently from those before.
    private static DitarConfig Small(DitarConfig model)
    {
        var stack = new StackSize(2, model.HeadDim, 1, model.HeadDim);
        return model with { Symbols = 2, Encoder = stack, LanguageModel = stack, Diffusion = stack, MaxPositions = 64 };
    }

    private static VaeConfig Small(VaeConfig vae) => vae with
    {
        Channels = [.. vae.Channels.Select(_ => 4)],
        InverseStft = vae.InverseStft with { Width = 16, Hidden = 32, LatentBlocks = Math.Min(1, vae.InverseStft.LatentBlocks), FrameBlocks = Math.Min(1, vae.InverseStft.FrameBlocks) },
        BigVgan = vae.BigVgan with { Channels = [.. vae.BigVgan.Channels.Select(_ => 16)] },
    };
}
