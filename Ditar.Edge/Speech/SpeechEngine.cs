// A backend brought to life for a checkpoint: what utterances are spoken with, the kernels around it, and what to tell the user about both.

using System.Collections.Concurrent;
using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Edge;

internal abstract class SpeechEngine : IDisposable
{
    /// <summary>For what the loop computes itself, and for voice prompts.</summary>
    public abstract IKernels Kernels { get; }

    public abstract IVocoder Vocoder { get; }

    /// <summary>"simd engine, float32 weights, 512-bit vectors, 1 thread".</summary>
    public abstract string Name { get; }

    /// <summary>Why these and not others, where something was chosen; else null.</summary>
    public virtual string? Reasons => null;

    /// <summary>Native memory held by weights and sessions; 0 where the collector has it all.</summary>
    public virtual long NativeBytes => 0;

    /// <summary>A recording's latents, for voice prompts.</summary>
    /// <returns>[1, frames, D], scaled.</returns>
    public virtual Tensor Encode(Autoencoder autoencoder, float[] samples) => autoencoder.Encode(Tensor.From(samples, 1, samples.Length, 1));

    public static SpeechEngine Start(SpeechBackend backend, DitarCheckpoint checkpoint)
    {
        var threads = $"{backend.Threads} thread{(backend.Threads == 1 ? "" : "s")}";
        switch (backend.Kind)
        {
            case BackendKind.Onnx:
                return OnnxEngine.Start(backend, checkpoint, threads);
            case BackendKind.Reference:
                if (backend.Threads > 1) throw new ArgumentException($"The reference backend has one thread, asked for {backend.Threads}.", nameof(backend));
                return new DefinitionEngine(checkpoint, new PlainKernels(), null, $"plain kernels, {threads}");
            case BackendKind.Definition:
                var pool = backend.Threads > 1 ? new WorkerPool(backend.Threads) : null;
                return new DefinitionEngine(checkpoint, new SimdKernels(pool), pool, $"simd kernels, {VectorBits.Name}, {threads}");
            default:
                return new FusedEngine(checkpoint, backend, threads);
        }
    }

    /// <summary>For one utterance; several may be out at once, on different threads.</summary>
    public abstract SpeechSession Rent();

    public abstract void Dispose();

    /// <summary>The spec's modules on a kernel set: nothing of theirs changes while they speak, so all utterances share one loop.</summary>
    private sealed class DefinitionEngine(DitarCheckpoint checkpoint, IKernels kernels, WorkerPool? pool, string name) : SpeechEngine
    {
        private readonly SpeechSession session = new(
            new GenerationLoop(checkpoint.Model, new VaeVocoder(checkpoint.Autoencoder), checkpoint.Tokenizer.AudioStartId),
            new GenerationLoop(checkpoint.Model, null, checkpoint.Tokenizer.AudioStartId));

        public override IKernels Kernels => kernels;

        public override IVocoder Vocoder { get; } = new VaeVocoder(checkpoint.Autoencoder);

        public override string Name => name;

        public override SpeechSession Rent() => session;

        public override void Dispose() => pool?.Dispose();
    }

    /// <summary>The fused modules of Ditar.Simd: weights are packed once, each utterance has a session, and sessions are kept for the next.</summary>
    private sealed class FusedEngine : SpeechEngine
    {
        private readonly ConcurrentBag<InferenceSession> free = [];
        private readonly ConcurrentBag<InferenceSession> all = [];
        private readonly WorkerPool? pool;
        private readonly InferenceModel model;
        private readonly FusedVocoder vocoder;
        private readonly int audioStart;
        private readonly string threads;

        public FusedEngine(DitarCheckpoint checkpoint, SpeechBackend backend, string threads)
        {
            pool = backend.Threads > 1 ? new WorkerPool(backend.Threads) : null;
            Kernels = new SimdKernels(pool);
            this.threads = threads;
            audioStart = checkpoint.Tokenizer.AudioStartId;
            model = new InferenceModel(checkpoint.Model, backend.Weights ?? checkpoint.WithModelFile(EngineFormats.Stored), pool);
            // The definition's weights have done their work.
            checkpoint.Unload();
            vocoder = new FusedVocoder(checkpoint.Autoencoder, pool);
        }

        public override IKernels Kernels { get; }

        public override IVocoder Vocoder => vocoder;

        public override string Name => $"simd engine, {model.Formats} weights of {model.Bytes / 1e6:0.0} MB, {VectorBits.Name}, {threads}";

        public override long NativeBytes => model.Bytes + vocoder.Bytes + all.Sum(session => session.Bytes);

        // Packed for the one recording that a run has, and let go.
        public override Tensor Encode(Autoencoder autoencoder, float[] samples)
        {
            using var encoder = new FusedEncoder(autoencoder, pool);
            return encoder.Encode(samples);
        }

        public override SpeechSession Rent()
        {
            if (!free.TryTake(out var parts))
            {
                parts = model.Start(pool);
                all.Add(parts);
            }

            var shape = model.Shape;
            return new SpeechSession(
                new GenerationLoop(parts.Encoder, parts.Language, parts.Field, vocoder, shape, audioStart),
                new GenerationLoop(parts.Encoder, parts.Language, parts.Field, null, shape, audioStart),
                () => free.Add(parts));
        }

        public override void Dispose()
        {
            foreach (var session in all) session.Dispose();
            vocoder.Dispose();
            model.Dispose();
            pool?.Dispose();
        }
    }

    /// <summary>Exported graphs in ONNX Runtime.</summary>
    private sealed class OnnxEngine(ExportedModel model, int audioStart, string name, string reasons) : SpeechEngine
    {
        private readonly SpeechSession session = new(
            new GenerationLoop(model.Encoder, model.Language, model.Field, model.Vocoder, PatchShape.Of(model.Config), audioStart),
            new GenerationLoop(model.Encoder, model.Language, model.Field, null, PatchShape.Of(model.Config), audioStart));

        public override IKernels Kernels { get; } = new SimdKernels(null);

        public override IVocoder Vocoder => model.Vocoder;

        public override string Name => name;

        public override string? Reasons => reasons;

        public static OnnxEngine Start(SpeechBackend backend, DitarCheckpoint checkpoint, string threads)
        {
            if (backend.Graphs is null) throw new ArgumentException("The ONNX backend needs the folder of the exported graphs.", nameof(backend));
            var library = OnnxLibrary.Shared;
            var choice = ProviderChoice.Make(library, backend.Provider);
            var model = ExportedModel.Open(library, backend.Graphs, new OnnxSessionOptions { Provider = choice.Provider, Threads = backend.Threads });
            try
            {
                model.RequireModel(checkpoint);
                model.Prepare();
                return new OnnxEngine(
                    model, checkpoint.Tokenizer.AudioStartId, $"ONNX Runtime {library.Version}, {choice.Title}, {threads}", string.Join("; ", choice.Reasons));
            }
            catch
            {
                model.Dispose();
                throw;
            }
        }

        public override SpeechSession Rent() => session;

        public override void Dispose() => model.Dispose();
    }
}
