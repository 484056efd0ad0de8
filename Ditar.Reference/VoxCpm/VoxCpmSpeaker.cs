// VoxCPM behind the one generation loop: what a text, a voice and options become as its request.
//     zero-shot      text 101
//     continuation   prompt text and text, tokenised as one, 101, prompt
//     reference      103 reference 104 text 101
//     both           103 reference 104, then as in a continuation
// Two upstream faults are not repeated: the vocoder's context never reaches into the reference, and a prompt of one patch loses no generated patch.

using System.Text;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmSpeaker(
    VoxCpmConfig config, VoxCpmTokenizer tokenizer, IPatchEncoder encoder, ILanguageModel language, Func<TimeGrid, IVelocityField> field, IVocoder? vocoder)
{
    /// <summary>The definitions.</summary>
    public VoxCpmSpeaker(VoxCpmModel model, VoxCpmTokenizer tokenizer, IVocoder? vocoder)
        : this(model.Config, tokenizer, model.Encoder, model.LanguageModel, model.Diffusion.On, vocoder)
    {
    }

    /// <summary>Prompt patches that the vocoder hears first: it would click if it started from silence.</summary>
    public int VocoderContext => config.Version == VoxCpmVersion.Two ? 3 : 2;

    /// <summary>A description of the voice or the style, put before a text.</summary>
    public static string Styled(string control, string text) => $"({control}){text}";

    /// <summary>Every run of white space is one space; nothing else changes.</summary>
    /// <exception cref="ArgumentException">There is nothing but white space.</exception>
    public static string Folded(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw new ArgumentException("There is no text to speak.", nameof(text));
        var folded = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            var space = char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';
            if (!space) folded.Append(character);
            else if (folded.Length == 0 || folded[^1] != ' ') folded.Append(' ');
        }

        return folded.ToString();
    }

    /// <param name="text">Already folded, and styled if it shall be.</param>
    /// <exception cref="ArgumentException">The model has no references, or a prompt comes without its text.</exception>
    public GenerationRequest Request(string text, VoxCpmVoice voice, VoxCpmOptions options, INoise noise)
    {
        ArgumentNullException.ThrowIfNull(voice);
        ArgumentNullException.ThrowIfNull(options);
        if (voice.Reference is not null && config.Version != VoxCpmVersion.Two) throw new ArgumentException("Only VoxCPM 2 takes a reference voice; give a prompt with its text.", nameof(voice));
        if (voice.Prompt is null != string.IsNullOrEmpty(voice.PromptText)) throw new ArgumentException("A prompt's audio and its text come together.", nameof(voice));
        var target = tokenizer.Encode(text, options.Literals);
        if (target.Length == 0) throw new ArgumentException("There is no text to speak.", nameof(text));
        var all = voice.PromptText is null ? target : tokenizer.Encode(voice.PromptText + text, options.Literals);
        var most = (int)Math.Min((long)Math.Min((target.Length * options.LongestRatio) + 10, int.MaxValue), options.MaxLength);

        // Both texts were tokenised as one; where one ends in the tokens is nobody's concern.
        var own = voice.Prompt is null ? 0 : all.Length - 1;
        if (voice.Prompt is not null && own == 0) throw new ArgumentException("The prompt's text and the text are one token together.", nameof(text));
        return new GenerationRequest(all[own..], options.Sampler, noise)
        {
            Prompt = voice.Prompt is null ? null : new SpeechPrompt(all[..own], voice.Prompt),
            Reference = voice.Reference is null ? null : new SpeechReference(VoxCpmTokenizer.ReferenceStart, voice.Reference, VoxCpmTokenizer.ReferenceEnd),
            MaxPatches = most,
            MinPatches = Math.Min(most, options.MinLength + 2),

            // The official rule is an argmax, where a tie goes on.
            StopThreshold = Math.BitIncrement(0.5),
            VocoderContext = VocoderContext,
        };
    }

    /// <summary>A result as long as its limit allows for so short a text, nearly: the official code tries such a text again with the next seed.</summary>
    public bool RunsOn(string text, int patches, VoxCpmOptions options) => patches >= tokenizer.Encode(text, options.Literals).Length * options.LongestRatio;

    /// <inheritdoc cref="GenerationLoop.Generate"/>
    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, IProgress<GenerationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Loop(request.Sampler.Grid).Generate(request, progress, cancellation);
    }

    /// <summary>Reads a request's reference for all requests that have it; <see cref="GenerationRequest.Kept"/> takes it.</summary>
    /// <returns>Null without a reference, and where the language model's state cannot be copied.</returns>
    /// <inheritdoc cref="GenerationLoop.Keep"/>
    public KeptReference? Keep(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Reference is { } reference ? Loop(request.Sampler.Grid).Keep(reference) : null;
    }

    private GenerationLoop Loop(TimeGrid grid) => new(
        encoder, language, field(grid), vocoder, new PatchShape(config.PatchSize, 1, config.LatentDim, config.Positions), VoxCpmTokenizer.AudioStart);
}
