// A backend brought to life for a checkpoint: the generation loop over its parts, the kernels around it, and what to tell the user about both.

using Ditar.Onnx;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed class SpeechEngine : IDisposable
{
    private readonly IDisposable? owned;

    private SpeechEngine(GenerationLoop loop, IKernels kernels, string name, string? reasons, IDisposable? owned) =>
        (Loop, Kernels, Name, Reasons, this.owned) = (loop, kernels, name, reasons, owned);

    public GenerationLoop Loop { get; }

    /// <summary>For what the loop computes itself, and for voice prompts.</summary>
    public IKernels Kernels { get; }

    /// <summary>"simd kernels, 512-bit vectors, 1 thread".</summary>
    public string Name { get; }

    /// <summary>Why these and not others, where something was chosen; else null.</summary>
    public string? Reasons { get; }

    public static SpeechEngine Start(SpeechBackend backend, DitarCheckpoint checkpoint) => backend.Kind switch
    {
        BackendKind.Onnx => StartOnnx(backend, checkpoint),
        BackendKind.Reference => StartReference(backend, checkpoint),
        _ => StartSimd(backend, checkpoint),
    };

    public void Dispose() => owned?.Dispose();

    private static SpeechEngine StartSimd(SpeechBackend backend, DitarCheckpoint checkpoint)
    {
        var pool = backend.Threads > 1 ? new WorkerPool(backend.Threads) : null;
        var kernels = new SimdKernels(pool);
        return new SpeechEngine(LoopOf(checkpoint), kernels, $"{kernels.Name} kernels, {VectorBits.Name}, {Threads(backend)}", null, pool);
    }

    private static SpeechEngine StartReference(SpeechBackend backend, DitarCheckpoint checkpoint)
    {
        if (backend.Threads > 1) throw new ArgumentException($"The reference backend has one thread, asked for {backend.Threads}.", nameof(backend));
        var kernels = new PlainKernels();
        return new SpeechEngine(LoopOf(checkpoint), kernels, $"{kernels.Name} kernels, {Threads(backend)}", null, null);
    }

    private static SpeechEngine StartOnnx(SpeechBackend backend, DitarCheckpoint checkpoint)
    {
        if (backend.Graphs is null) throw new ArgumentException("The ONNX backend needs the folder of the exported graphs.", nameof(backend));
        var library = OnnxLibrary.Shared;
        var choice = ProviderChoice.Make(library, backend.Provider);
        var model = ExportedModel.Open(library, backend.Graphs, new OnnxSessionOptions { Provider = choice.Provider, Threads = backend.Threads });
        try
        {
            model.RequireModel(checkpoint);
            model.Prepare();
            var loop = new GenerationLoop(
                model.Encoder, model.Language, model.Field, model.Vocoder, PatchShape.Of(model.Manifest.Model), checkpoint.Tokenizer.AudioStartId);
            return new SpeechEngine(loop, new SimdKernels(null), $"ONNX Runtime {library.Version}, {choice.Title}, {Threads(backend)}", string.Join("; ", choice.Reasons), model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static GenerationLoop LoopOf(DitarCheckpoint checkpoint) => new(checkpoint.Model, new VaeVocoder(checkpoint.Autoencoder), checkpoint.Tokenizer.AudioStartId);

    private static string Threads(SpeechBackend backend) => $"{backend.Threads} thread{(backend.Threads == 1 ? "" : "s")}";
}
