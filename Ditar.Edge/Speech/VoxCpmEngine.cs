// An official VoxCPM folder on our own kernels: packed for the fused engine, or the definition.

using System.Collections.Concurrent;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed class VoxCpmEngine : OfficialEngine
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

            var decoder = AudioVocoder.Of(vae, pool);
            var decodes = decoder.Missing is { } missing ? $"definition's decoder ({missing})" : "fused decoder";
            Vocoder = decoder.Vocoder;
            Name = (packed is null ? "definition on simd kernels" : $"simd engine, {packed.Formats} weights of {packed.Bytes / 1e6:0.0} MB") + $", {decodes}, {VectorBits.Name}, {threads}";
        }
        catch
        {
            packed?.Dispose();
            pool?.Dispose();
            throw;
        }
    }

    public override VoxCpmConfig Config => checkpoint.Config;

    public override VoxCpmTokenizer Tokenizer => checkpoint.Tokenizer;

    public override IKernels Kernels { get; }

    public override IVocoder Vocoder { get; }

    public override string Name { get; }

    public override long NativeBytes => (packed?.Bytes ?? 0) + (Vocoder is FusedVocoder decoder ? decoder.Bytes : 0) + all.Sum(session => session.Bytes);

    /// <param name="folder">Open until the engine is disposed.</param>
    /// <param name="lora">A folder to merge, or null.</param>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static new VoxCpmEngine Start(SpeechBackend backend, string folder, string? lora = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        if (backend.Kind == BackendKind.Onnx) throw new ArgumentException("Exported graphs have an engine of their own.", nameof(backend));
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

    public override VoxCpmSession Rent()
    {
        if (packed is null) return new(new VoxCpmSpeaker(definition!, Tokenizer, Vocoder));
        if (!free.TryTake(out var parts))
        {
            parts = packed.Start(pool);
            all.Add(parts);
        }

        return new(new VoxCpmSpeaker(Config, Tokenizer, parts.Encoder, parts.Language, parts.FieldOn, Vocoder), () => free.Add(parts));
    }

    protected override Tensor Encode(float[] samples)
    {
        if (Kernels is PlainKernels)
        {
            using var kernels = KernelSet.Use(Kernels);
            return vae.Encode(samples);
        }

        // Packed for the recording that a run begins with, and let go.
        using var encoder = new FusedEncoder(vae, pool);
        return encoder.Encode(samples);
    }

    public override void Dispose()
    {
        foreach (var session in all) session.Dispose();
        (Vocoder as IDisposable)?.Dispose();
        packed?.Dispose();
        checkpoint.Dispose();
        pool?.Dispose();
    }
}
