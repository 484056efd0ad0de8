// Text in, speech out, with an official VoxCPM folder: the counterpart of Speaker.
//
//     using var speaker = OfficialSpeaker.Load("VoxCPM2", new SpeechBackend(BackendKind.Simd, Threads: 2));
//     var voice = speaker.VoiceFrom(reference: "voice.wav");
//     foreach (var chunk in speaker.Speak(text, new OfficialSpeakOptions { Voice = voice })) wav.Append(chunk.Samples);
//
// A text that fits is one utterance, exactly as in the official code. A longer one is cut, and all of it is spoken in one voice: the given one, or that of the
// first utterance, which version 2 hears as a reference and version 1 as a prompt. The keys and values of a reference are kept for all utterances and texts.
// Left out: several texts at once.

using System.Runtime.ExceptionServices;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

public sealed class OfficialSpeaker : IDisposable
{
    private readonly OfficialEngine engine;
    private readonly VoxCpmSession session;
    private KeptReference? kept;

    private OfficialSpeaker(OfficialEngine engine)
    {
        this.engine = engine;
        session = engine.Rent();
    }

    public VoxCpmConfig Config => engine.Config;

    /// <summary>In Hz, of what is spoken.</summary>
    public int SampleRate => Config.Vae.OutputRate;

    /// <summary>Samples of a patch.</summary>
    public int PatchSamples => Config.PatchSize * Config.Vae.DecoderHop;

    /// <summary>What the numbers are computed with, for the user's eyes.</summary>
    public string Engine => engine.Name;

    /// <summary>Why it computes with this and not with something else, where there was a choice; else null.</summary>
    public string? EngineReasons => engine.Reasons;

    /// <summary>Bytes of native memory that weights and work areas take now.</summary>
    public long NativeBytes => engine.NativeBytes;

    /// <summary>Positions of the language model that the voice in use takes and that are not computed again; 0 without a reference.</summary>
    public int KeptPositions => kept?.Positions ?? 0;

    /// <param name="lora">A LoRA folder to merge, or null.</param>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    /// <exception cref="SpeechException">The backend cannot merge a LoRA.</exception>
    /// <exception cref="Onnx.OnnxException">The ONNX backend's library is not there, or its provider cannot be used.</exception>
    public static OfficialSpeaker Load(string folder, SpeechBackend backend, string? lora = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(backend);
        return new OfficialSpeaker(OfficialEngine.Start(backend, folder, lora));
    }

    /// <summary>A voice from recordings (WAV files): a prompt to go on from, with its text, a reference to take the voice from (version 2), or both.</summary>
    /// <exception cref="SpeechException">Nothing usable in a recording.</exception>
    /// <exception cref="ArgumentException">The model does not take such a voice.</exception>
    public VoxCpmVoice VoiceFrom(string? prompt = null, string? promptText = null, string? reference = null, Action<string>? notice = null)
    {
        if (reference is not null && Config.Version != VoxCpmVersion.Two) throw new SpeechException("only VoxCPM 2 takes a reference voice; give a prompt with its text");
        var voice = new VoxCpmVoice(
            promptText,
            prompt is null ? null : engine.EncodePrompt(Recording.Read(prompt, Config.Vae.SampleRate, notice)),
            reference is null ? null : engine.EncodeReference(Recording.Read(reference, Config.Vae.SampleRate, notice)));
        _ = session.Speaker.Request("a", voice, new VoxCpmOptions(), new SeededNoise(0));
        return voice;
    }

    /// <summary>Cuts a text into utterances.</summary>
    /// <exception cref="SpeechException">There is nothing to say, or too much.</exception>
    public static IReadOnlyList<Utterance> Utterances(string text, OfficialSpeakOptions? options = null)
    {
        Speaker.RequireText(text);
        var pieces = UtteranceSplitter.SplitAsWritten(text, (options ?? new OfficialSpeakOptions()).LongestUtterance);
        return [.. pieces.Select((piece, number) => new Utterance(number, pieces.Count, piece.Text, piece.Break))];
    }

    /// <inheritdoc cref="Speak(IReadOnlyList{Utterance}, OfficialSpeakOptions, CancellationToken)"/>
    public IEnumerable<SpeechChunk> Speak(string text, OfficialSpeakOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new OfficialSpeakOptions();
        return Speak(Utterances(text, options), options, cancellation);
    }

    /// <summary>Speaks; one text after the other.</summary>
    /// <returns>The sound in order, made while it is enumerated.</returns>
    /// <exception cref="SpeechException">Sound that is not a number, thrown while enumerating.</exception>
    /// <exception cref="ArgumentException">The model cannot speak so, or an option is out of range; thrown at once.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; thrown while enumerating. Chunks handed out stay valid, and what was made of the utterance is handed out first.</exception>
    public IEnumerable<SpeechChunk> Speak(IReadOnlyList<Utterance> utterances, OfficialSpeakOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(utterances);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Control is not null && options.Voice.Prompt is not null) throw new SpeechException("a description says how a voice is, which a prompt already has: give one of them");
        foreach (var utterance in utterances) _ = session.Speaker.Request(Said(utterance, options.Control), options.Voice, Sampling(options), new SeededNoise(0));
        return Run(utterances, options, cancellation).OnKernels(engine.Kernels);
    }

    public void Dispose()
    {
        kept?.Dispose();
        session.Dispose();
        engine.Dispose();
    }

    private IEnumerable<SpeechChunk> Run(IReadOnlyList<Utterance> utterances, OfficialSpeakOptions options, CancellationToken cancellation)
    {
        var pauses = utterances.Count > 1 ? new Pauses(SampleRate) : null;
        var first = pauses is not null && options.Voice is { Prompt: null, Reference: null };
        foreach (var utterance in utterances)
        {
            var latents = new List<Tensor>();
            foreach (var chunk in Utter(utterance, options, latents, cancellation)) yield return pauses is null ? chunk : Bounded(chunk, pauses, options);
            if (first) options = Following(Said(utterance, options.Control), latents, options);
            first = false;
        }
    }

    private IEnumerable<SpeechChunk> Utter(Utterance utterance, OfficialSpeakOptions options, List<Tensor> latents, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var held = new List<SpeechChunk>();
            ExceptionDispatchInfo? stopped = null;
            using (var chunks = Attempt(utterance, attempt, options, latents, cancellation).GetEnumerator())
            {
                while (Next(chunks, out stopped))
                {
                    if (options.Attempts == 1) yield return chunks.Current;
                    else held.Add(chunks.Current);
                    if (options.Attempts > 1) options.Made?.Invoke(utterance, held.Count);
                }
            }

            var runsOn = stopped is null && session.Speaker.RunsOn(Said(utterance, options.Control), latents.Count, Sampling(options));
            if (runsOn && attempt + 1 < options.Attempts)
            {
                options.Notice?.Invoke($"{latents.Count} patches are too many for so short a text{Which(utterance)}; trying the next seed");
                latents.Clear();
                continue;
            }

            foreach (var chunk in held) yield return chunk;
            stopped?.Throw();
            if (runsOn)
                options.Notice?.Invoke($"{latents.Count} patches are too many for so short a text{Which(utterance)}; after {attempt + 1} attempt{(attempt == 0 ? "" : "s")} it stays so");
            yield break;
        }
    }

    // What was made before somebody stopped it is still worth hearing.
    private static bool Next(IEnumerator<SpeechChunk> chunks, out ExceptionDispatchInfo? stopped)
    {
        stopped = null;
        try
        {
            return chunks.MoveNext();
        }
        catch (OperationCanceledException fault)
        {
            stopped = ExceptionDispatchInfo.Capture(fault);
            return false;
        }
    }

    private IEnumerable<SpeechChunk> Attempt(Utterance utterance, int attempt, OfficialSpeakOptions options, List<Tensor> latents, CancellationToken cancellation)
    {
        var seed = unchecked(options.Seed + (ulong)((utterance.Number * OfficialSpeakOptions.MostAttempts) + attempt));
        var request = session.Speaker.Request(Said(utterance, options.Control), options.Voice, Sampling(options), options.Noise(seed));
        cancellation.ThrowIfCancellationRequested();
        request = request with { Kept = Keep(request) };
        foreach (var patch in session.Speaker.Generate(request, cancellation: cancellation))
        {
            foreach (var sample in patch.Samples)
                if (!float.IsFinite(sample)) throw new SpeechException($"the model's sound is not a number from patch {patch.Number} on; its weights must be damaged");
            latents.Add(patch.Latents);
            yield return new SpeechChunk(patch.Samples, utterance, patch.Number, patch.StopProbability, patch.Last, 0);
        }
    }

    private KeptReference? Keep(GenerationRequest request)
    {
        if (kept is not null && kept.Reference == request.Reference) return kept;
        kept?.Dispose();
        return kept = session.Speaker.Keep(request);
    }

    // The voice that the first utterance was spoken in. A prompt holds the description already, and the two texts need a space between them where words have one.
    private OfficialSpeakOptions Following(string said, List<Tensor> latents, OfficialSpeakOptions options)
    {
        var heard = Tensor.Concat(0, [.. latents.Select(patch => patch.Reshape(1, patch[0], patch[1]))]); // [patches, P, D]
        return Config.Version == VoxCpmVersion.Two
            ? options with { Voice = new VoxCpmVoice(null, null, heard) }
            : options with { Voice = new VoxCpmVoice(SentenceBreaks.IsWide(said[^1]) ? said : said + " ", heard, null), Control = null };
    }

    private SpeechChunk Bounded(SpeechChunk chunk, Pauses pauses, OfficialSpeakOptions options)
    {
        var samples = pauses.Pass(chunk.Samples, chunk.Last);
        var after = chunk.Utterance.Break switch
        {
            UtteranceBreak.Sentence => options.SentencePause,
            UtteranceBreak.Clause => options.ClausePause,
            _ => TimeSpan.Zero,
        };
        var pause = chunk.Last && chunk.Utterance.Number < chunk.Utterance.Count - 1 ? (int)(SampleRate * after.TotalSeconds) : 0;
        return chunk with { Samples = pause == 0 ? samples : [.. samples, .. new float[pause]], Pause = pause };
    }

    private static VoxCpmOptions Sampling(OfficialSpeakOptions options) => new() { Steps = options.Steps, Guidance = 1 + options.Guidance };

    private static string Said(Utterance utterance, string? control) => control is null ? utterance.Text : VoxCpmSpeaker.Styled(control, utterance.Text);

    private static string Which(Utterance utterance) => utterance.Count == 1 ? "" : $" (utterance {utterance.Number + 1} of {utterance.Count})";
}
