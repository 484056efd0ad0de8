// Who speaks in an evaluation: the definition on the kernels of the calling thread, or the fused engine with its weights in a chosen format. Several
// utterances may be spoken at once; each has one thread.

using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Learn;

/// <summary>A checkpoint made ready to speak. Dispose it when nobody speaks any more.</summary>
public sealed class SpeakingModel : IDisposable
{
    private readonly DitarCheckpoint checkpoint;
    private readonly InferenceModel? packed;
    private readonly IVocoder vocoder;

    private SpeakingModel(DitarCheckpoint checkpoint, InferenceModel? packed, IVocoder vocoder) => (this.checkpoint, this.packed, this.vocoder) = (checkpoint, packed, vocoder);

    /// <summary>"the definition", or "the engine, int8 weights of 4.0 MB".</summary>
    public string Name => packed is null ? "the definition" : $"the engine, {packed.Formats} weights of {packed.Bytes / 1e6:0.0} MB";

    public static SpeakingModel Definition(DitarCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new SpeakingModel(checkpoint, null, new VaeVocoder(checkpoint.Autoencoder));
    }

    public static SpeakingModel Engine(DitarCheckpoint checkpoint, EngineFormats formats)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new SpeakingModel(checkpoint, new InferenceModel(checkpoint.Model, formats), new FusedVocoder(checkpoint.Autoencoder));
    }

    /// <summary>All patches of one utterance.</summary>
    public IReadOnlyList<GeneratedPatch> Speak(GenerationRequest request, CancellationToken cancellation)
    {
        var audioStart = checkpoint.Tokenizer.AudioStartId;
        if (packed is null) return [.. new GenerationLoop(checkpoint.Model, vocoder, audioStart).Generate(request, cancellation: cancellation)];
        using var session = packed.Start();
        var loop = new GenerationLoop(session.Encoder, session.Language, session.Field, vocoder, packed.Shape, audioStart);
        return [.. loop.Generate(request, cancellation: cancellation)];
    }

    public void Dispose()
    {
        packed?.Dispose();
        (vocoder as IDisposable)?.Dispose();
    }
}
