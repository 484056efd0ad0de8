// A backend brought to life for an official VoxCPM folder: what utterances are spoken with, the kernels around it, and what to tell the user about both. The
// counterpart of SpeechEngine, which does the same for DiTAR checkpoints.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal abstract class OfficialEngine : IDisposable
{
    public abstract VoxCpmConfig Config { get; }

    public abstract VoxCpmTokenizer Tokenizer { get; }

    /// <summary>For what the loop computes itself: to be used by each thread that speaks.</summary>
    public abstract IKernels Kernels { get; }

    public abstract IVocoder Vocoder { get; }

    /// <summary>"simd engine, bf16 weights of 1297.4 MB, fused decoder, 512-bit vectors, 2 threads".</summary>
    public abstract string Name { get; }

    /// <summary>Why these and not others, where something was chosen; else null.</summary>
    public virtual string? Reasons => null;

    /// <summary>Native memory held by weights and sessions; 0 where somebody else has it all.</summary>
    public virtual long NativeBytes => 0;

    /// <param name="lora">A folder to merge, or null.</param>
    /// <exception cref="SpeechException">The backend cannot speak so.</exception>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static OfficialEngine Start(SpeechBackend backend, string folder, string? lora = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return backend.Kind == BackendKind.Onnx ? VoxCpmGraphsEngine.Start(backend, folder, lora) : VoxCpmEngine.Start(backend, folder, lora);
    }

    /// <summary>For one utterance.</summary>
    public abstract VoxCpmSession Rent();

    /// <summary>A recording to go on from: zeros go before it, so that its speech ends at a patch's border.</summary>
    /// <param name="samples">Mono at the encoder's rate.</param>
    /// <returns>[patches, P, D].</returns>
    public Tensor EncodePrompt(ReadOnlySpan<float> samples) => VoxCpmVoice.EncodePrompt(Config.Vae, Encode, samples, Config.PatchSize);

    /// <summary>A recording to take the voice from.</summary>
    /// <inheritdoc cref="EncodePrompt"/>
    public Tensor EncodeReference(ReadOnlySpan<float> samples) => VoxCpmVoice.EncodeReference(Config.Vae, Encode, samples, Config.PatchSize);

    public abstract void Dispose();

    /// <param name="samples">Whole patches.</param>
    /// <returns>[frames, D].</returns>
    protected abstract Tensor Encode(float[] samples);
}

/// <summary>What one utterance of a VoxCPM model is spoken with; given back when it is over.</summary>
internal sealed record VoxCpmSession(VoxCpmSpeaker Speaker, Action? GiveBack = null) : IDisposable
{
    public void Dispose() => GiveBack?.Invoke();
}
