// A backend brought to life for an official VoxCPM folder: what utterances are spoken with, the kernels around it, and what to tell the user about both. The
// counterpart of SpeechEngine, which does the same for DiTAR checkpoints.

using System.Collections.Concurrent;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed class VoxCpmEngine : IDisposable
{
    private readonly ConcurrentBag<InferenceSession> free = [];
    private readonly ConcurrentBag<InferenceSession> all = [];
    private readonly WorkerPool? pool;
    private readonly VoxCpmCheckpoint checkpoint;

    // One of the two: the weights packed for the fused engine, or the definition.
    private readonly InferenceModel? packed;
    private readonly VoxCpmModel? definition;
    private readonly AudioVae vae;

    private VoxCpmEngine(SpeechBackend backend, VoxCpmCheckpoint checkpoint, LoraWeights? lora)
    {
        this.checkpoint = checkpoint;
        pool = backend.Threads > 1 ? new WorkerPool(backend.Threads) : null;
        Kernels = backend.Kind == BackendKind.Reference ? new PlainKernels() : new SimdKernels(pool);
        using var kernels = KernelSet.Use(Kernels);
        try
        {
            var threads = $"{backend.Threads} thread{(backend.Threads == 1 ? "" : "s")}";
            var model = checkpoint.ReadModel(lora: lora, later: true);
            if (backend.Kind == BackendKind.Simd) packed = new InferenceModel(model, backend.Weights ?? EngineFormats.StoredVoxCpm(checkpoint.ModelWeights), pool);
            else definition = model;

            // What is not spoken with is not read: the encoder where no recording is heard, the model once it is packed.
            if (packed is not null) checkpoint.ModelWeights.Dispose();
            vae = checkpoint.ReadVae(later: true);
            if (backend.Kind == BackendKind.Reference)
            {
                (Vocoder, Name) = (vae.Vocoder(), $"definition on plain kernels, {threads}");
                return;
            }

            (Vocoder, var decoder) = Decoder(vae, pool);
            Name = (packed is null ? "definition on simd kernels" : $"simd engine, {packed.Formats} weights of {packed.Bytes / 1e6:0.0} MB") + $", {decoder}, {VectorBits.Name}, {threads}";
        }
        catch
        {
            packed?.Dispose();
            pool?.Dispose();
            throw;
        }
    }

    public VoxCpmConfig Config => checkpoint.Config;

    public VoxCpmTokenizer Tokenizer => checkpoint.Tokenizer;

    /// <summary>For what the loop computes itself: to be used by each thread that speaks.</summary>
    public IKernels Kernels { get; }

    public IVocoder Vocoder { get; }

    /// <summary>"simd engine, bf16 weights of 1297.4 MB, fused decoder, 512-bit vectors, 2 threads".</summary>
    public string Name { get; }

    /// <summary>Native memory held by weights and sessions; 0 where the collector has it all.</summary>
    public long NativeBytes => (packed?.Bytes ?? 0) + (Vocoder is FusedVocoder decoder ? decoder.Bytes : 0) + all.Sum(session => session.Bytes);

    /// <param name="folder">Open and mapped until the engine is disposed.</param>
    /// <param name="lora">A folder to merge, or null.</param>
    /// <exception cref="SpeechException">The backend does not run these models.</exception>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static VoxCpmEngine Start(SpeechBackend backend, string folder, string? lora = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        if (backend.Kind == BackendKind.Onnx) throw new SpeechException("exported graphs of VoxCPM models cannot be run; take --backend definition");
        if (backend is { Kind: BackendKind.Reference, Threads: > 1 }) throw new ArgumentException($"The reference backend has one thread, asked for {backend.Threads}.", nameof(backend));
        var checkpoint = VoxCpmCheckpoint.Open(folder);
        try
        {
            using var adapted = lora is null ? null : LoraWeights.Open(lora, checkpoint.Config);
            return new VoxCpmEngine(backend, checkpoint, adapted);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>For one utterance; several may be out at once, on different threads.</summary>
    public VoxCpmSession Rent()
    {
        if (packed is null) return new(new VoxCpmSpeaker(definition!, Tokenizer, Vocoder));
        if (!free.TryTake(out var parts))
        {
            parts = packed.Start(pool);
            all.Add(parts);
        }

        return new(new VoxCpmSpeaker(Config, Tokenizer, parts.Encoder, parts.Language, parts.FieldOn, Vocoder), () => free.Add(parts));
    }

    /// <summary>A recording to go on from: zeros go before it, so that its speech ends at a patch's border.</summary>
    /// <param name="samples">Mono at the encoder's rate.</param>
    /// <returns>[patches, P, D].</returns>
    public Tensor EncodePrompt(ReadOnlySpan<float> samples)
    {
        using var kernels = KernelSet.Use(Kernels);
        return VoxCpmVoice.EncodePrompt(vae, samples, Config.PatchSize);
    }

    /// <summary>A recording to take the voice from.</summary>
    /// <inheritdoc cref="EncodePrompt"/>
    public Tensor EncodeReference(ReadOnlySpan<float> samples)
    {
        using var kernels = KernelSet.Use(Kernels);
        return VoxCpmVoice.EncodeReference(vae, samples, Config.PatchSize);
    }

    public void Dispose()
    {
        foreach (var session in all) session.Dispose();
        (Vocoder as IDisposable)?.Dispose();
        packed?.Dispose();
        checkpoint.Dispose();
        pool?.Dispose();
    }

    // The definition's decoder where the fused one lacks a part, and the engine's line says so.
    private static (IVocoder Vocoder, string Name) Decoder(AudioVae vae, WorkerPool? pool)
    {
        try
        {
            return (new FusedVocoder(vae, pool), "fused decoder");
        }
        catch (NotSupportedException missing)
        {
            return (vae.Vocoder(), $"definition's decoder ({missing.Message.TrimEnd('.')})");
        }
    }
}

/// <summary>What one utterance of a VoxCPM model is spoken with; given back when it is over.</summary>
internal sealed record VoxCpmSession(VoxCpmSpeaker Speaker, Action? GiveBack = null) : IDisposable
{
    public void Dispose() => GiveBack?.Invoke();
}
