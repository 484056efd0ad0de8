// What the generation loop is asked for and what it gives back.

using Ditar.Reference.Diffusion;

namespace Ditar.Reference.Speech;

/// <summary>Speech to go on from: it sets the voice (spec, section 1).</summary>
/// <param name="Text">The symbols of what is said in it.</param>
/// <param name="Latents">[patches, P, D], scaled as the model makes them.</param>
public sealed record SpeechPrompt(int[] Text, Tensor Latents);

/// <summary>Speech in whose voice to speak, without its text (VoxCPM 2): heard before the text, between two symbols.</summary>
/// <param name="Latents">[patches, P, D].</param>
public sealed record SpeechReference(int Before, Tensor Latents, int After);

/// <summary>A reference that a loop's language model has read: whatever text follows, its keys and values are the same, so many utterances share them.
/// Made by <see cref="GenerationLoop.Keep"/>; the loop's parts must live as long.</summary>
public sealed class KeptReference : IDisposable
{
    internal KeptReference(SpeechReference reference, ILanguageModel language, ILanguageState state) => (Reference, Language, State) = (reference, language, state);

    public SpeechReference Reference { get; }

    /// <summary>Positions of the language model that it takes.</summary>
    public int Positions => State.Length;

    internal ILanguageModel Language { get; }

    internal ILanguageState State { get; }

    public void Dispose() => State.Dispose();
}

/// <summary>One utterance.</summary>
/// <param name="Text">Symbols of the target text.</param>
/// <param name="Sampler">How each patch is drawn.</param>
/// <param name="Noise">What it is drawn from.</param>
public sealed record GenerationRequest(int[] Text, PatchSampler Sampler, INoise Noise)
{
    /// <summary>DiTAR's own sampler.</summary>
    public GenerationRequest(int[] text, SamplerOptions options) : this(text, PatchSampler.Ditar(options), new SeededNoise(options.Seed))
    {
    }

    public SpeechPrompt? Prompt { get; init; }

    public SpeechReference? Reference { get; init; }

    /// <summary>The same reference as this loop has read it before, so that it is not read again; null to read it.</summary>
    public KeptReference? Kept { get; init; }

    /// <summary>The stop head is not heard before this many patches.</summary>
    public int MinPatches { get; init; } = 1;

    /// <summary>The utterance ends here even if the stop head never fires; 400 patches of 100 ms are 40 s.</summary>
    public int MaxPatches { get; init; } = 400;

    /// <summary>The stop head fires at this probability.</summary>
    public double StopThreshold { get; init; } = 0.5;

    /// <summary>How many of the prompt's last patches the vocoder hears before the first new one, so that it does not start from silence.</summary>
    public int VocoderContext { get; init; } = 4;
}

/// <summary>One patch, as soon as it exists.</summary>
/// <param name="Number">0, 1, ...</param>
/// <param name="Latents">[P, D].</param>
/// <param name="StopProbability">Of this patch being the last, said by the h that conditions it.</param>
/// <param name="Last">Nothing follows: the stop head fired or the limit is reached.</param>
/// <param name="Samples">Mono samples that became final with it; all patches together P * hop each. Empty without a vocoder.</param>
public sealed record GeneratedPatch(int Number, Tensor Latents, double StopProbability, bool Last, float[] Samples);

/// <param name="Patches">Made so far; 0 when the prompt has been read.</param>
/// <param name="MaxPatches">More will not come; the stop head usually ends earlier.</param>
public readonly record struct GenerationProgress(int Patches, int MaxPatches);
