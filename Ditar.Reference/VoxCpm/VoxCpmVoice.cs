// What VoxCPM is given to hear before it speaks: a prompt that it goes on from (with its text), a reference whose voice it takes (version 2), or both.
// Audio becomes whole patches: zeros go before a prompt, so that its speech ends at the border, and after a reference.

namespace Ditar.Reference.VoxCpm;

/// <param name="PromptText">What is said in the prompt; null without one.</param>
/// <param name="Prompt">[patches, P, D], or null.</param>
/// <param name="Reference">[patches, P, D], or null.</param>
public sealed record VoxCpmVoice(string? PromptText, Tensor? Prompt, Tensor? Reference)
{
    /// <summary>Nothing heard: the model makes up a voice, or takes it from a description in the text.</summary>
    public static VoxCpmVoice None { get; } = new(null, null, null);

    /// <param name="samples">Mono at the encoder's rate.</param>
    /// <returns>[patches, P, D].</returns>
    public static Tensor EncodePrompt(AudioVae vae, ReadOnlySpan<float> samples, int patchSize)
    {
        ArgumentNullException.ThrowIfNull(vae);
        return EncodePrompt(vae.Config, whole => vae.Encode(whole), samples, patchSize);
    }

    /// <inheritdoc cref="EncodePrompt(AudioVae, ReadOnlySpan{float}, int)"/>
    public static Tensor EncodeReference(AudioVae vae, ReadOnlySpan<float> samples, int patchSize)
    {
        ArgumentNullException.ThrowIfNull(vae);
        return EncodeReference(vae.Config, whole => vae.Encode(whole), samples, patchSize);
    }

    /// <summary>With another encoder than the definition.</summary>
    /// <param name="encode">Samples of whole patches to latents [frames, D].</param>
    /// <inheritdoc cref="EncodePrompt(AudioVae, ReadOnlySpan{float}, int)"/>
    public static Tensor EncodePrompt(AudioVaeConfig config, Func<float[], Tensor> encode, ReadOnlySpan<float> samples, int patchSize) =>
        Encode(config, encode, samples, patchSize, zerosFirst: true);

    /// <inheritdoc cref="EncodePrompt(AudioVaeConfig, Func{float[], Tensor}, ReadOnlySpan{float}, int)"/>
    public static Tensor EncodeReference(AudioVaeConfig config, Func<float[], Tensor> encode, ReadOnlySpan<float> samples, int patchSize) =>
        Encode(config, encode, samples, patchSize, zerosFirst: false);

    private static Tensor Encode(AudioVaeConfig config, Func<float[], Tensor> encode, ReadOnlySpan<float> samples, int patchSize, bool zerosFirst)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(encode);
        if (samples.IsEmpty) throw new ArgumentException("There is no audio to hear.", nameof(samples));
        var patch = patchSize * config.EncoderHop;
        var padded = new float[(samples.Length + patch - 1) / patch * patch];
        samples.CopyTo(padded.AsSpan(zerosFirst ? padded.Length - samples.Length : 0));
        return encode(padded).Reshape(padded.Length / patch, patchSize, config.LatentDim).Copy();
    }
}
