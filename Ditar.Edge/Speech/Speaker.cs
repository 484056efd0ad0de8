// Text in, speech out: the .NET API that the `ditar` command stands on. It joins what lives elsewhere: reading, the generation loop, a backend.
//
//     using var speaker = Speaker.Load("models/ditar-tiny");
//     using var wav = WavWriter.Create("hello.wav", speaker.SampleRate);
//     foreach (var chunk in speaker.Speak("seven three nine, open the door")) wav.Append(chunk.Samples);
//
// or, with sound made beside the next patch, `await foreach (var chunk in speaker.SpeakAsync(...))`. One utterance after the other, each after the same voice
// prompt. Any number of texts may be spoken at once, each enumerated on a thread of its own. Left out: playing.

using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;

namespace Ditar.Edge;

public sealed class Speaker : IDisposable
{
    /// <summary>Longest text in characters as written.</summary>
    public const int LongestText = 20_000;

    // An utterance that needs more time than this has lost its way. Of the 12,000 of the training speech none takes more than 0.75 of it ("h w": letters
    // that are named are long words), and on average they take 0.37.
    private const double SecondsAtLeast = 0.4;
    private const double SecondsPerWord = 0.5;
    private const double SecondsPerLetter = 0.1;

    private readonly SpeechEngine engine;
    private readonly TextInput input;
    private readonly Task rehearsal;

    private Speaker(DitarCheckpoint checkpoint, SpeechBackend backend, Task rehearsal)
    {
        this.rehearsal = rehearsal;
        Checkpoint = checkpoint;
        Backend = backend;
        input = new TextInput(checkpoint.Tokenizer);
        engine = SpeechEngine.Start(backend, checkpoint);
    }

    public DitarCheckpoint Checkpoint { get; }

    /// <summary>In Hz, of all sound in and out.</summary>
    public int SampleRate => Checkpoint.Autoencoder.Config.SampleRate;

    /// <summary>Samples of a patch.</summary>
    public int PatchSamples => Checkpoint.Config.Model.PatchSize * Checkpoint.Autoencoder.Config.Hop;

    public SpeechBackend Backend { get; }

    public int Threads => Backend.Threads;

    /// <summary>What the numbers are computed with, for the user's eyes: kernels and width of the vectors, or ONNX Runtime and its provider; threads.</summary>
    public string Engine => engine.Name;

    /// <summary>Bytes of native memory that weights and work areas of the fused engine take now; 0 with the other backends.</summary>
    public long NativeBytes => engine.NativeBytes;

    /// <summary>Why a provider of ONNX Runtime was taken and others were not; null with the other backends.</summary>
    public string? EngineReasons => engine.Reasons;

    /// <summary>Loads a checkpoint folder.</summary>
    /// <param name="threads">1 or more; the sound does not depend on it. More than one only helps models much larger than the tiny one, whose products are
    /// done before a second thread has come to help.</param>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Speaker Load(string folder, int threads = 1) => Load(folder, new SpeechBackend(BackendKind.Simd, threads));

    /// <summary>Loads a checkpoint folder for a backend. The ONNX backend takes everything but the weights from it.</summary>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others; also one of the exported graphs.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="Onnx.OnnxException">ONNX Runtime's library or the provider cannot be used.</exception>
    public static Speaker Load(string folder, SpeechBackend backend)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentOutOfRangeException.ThrowIfLessThan(backend.Threads, 1);
        var rehearsal = backend.Kind == BackendKind.Simd ? Rehearsal.Start(folder, backend.Weights) : Task.CompletedTask;
        return new Speaker(DitarCheckpoint.Load(folder), backend, rehearsal);
    }

    /// <summary>A stored voice, by name in any case of letters.</summary>
    /// <exception cref="SpeechException">No such voice; the message lists those there are.</exception>
    public Voice FindVoice(string name)
    {
        var voices = Checkpoint.Voices;
        return voices.FirstOrDefault(voice => string.Equals(voice.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new SpeechException(voices.Count == 0
                ? $"the model has no stored voices; give a recording instead of '{name}'"
                : $"there is no voice '{name}'; there are {string.Join(", ", voices.Select(voice => voice.Name))}");
    }

    /// <summary>A voice from a recording of about two seconds and what is said in it.</summary>
    /// <param name="notice">Hears what was done to the recording.</param>
    /// <exception cref="SpeechException">The recording or its text is no use as a prompt.</exception>
    public Voice VoiceFrom(WavAudio audio, string text, Action<string>? notice = null)
    {
        var spoken = input.Read(text, notice);
        if (spoken.Length == 0) throw new SpeechException("the text of the voice prompt has no word that can be spoken");
        using var scope = KernelSet.Use(engine.Kernels);
        return new Voice("prompt", spoken, VoicePrompt.Encode(Checkpoint, samples => engine.Encode(Checkpoint.Autoencoder, samples), audio, notice));
    }

    /// <summary>Reads a text and cuts it into utterances; <see cref="Speak(string, SpeakOptions?, CancellationToken)"/> does the same.</summary>
    /// <exception cref="SpeechException">There is nothing to say, or too much.</exception>
    public IReadOnlyList<Utterance> Utterances(string text, SpeakOptions? options = null)
    {
        RequireText(text);
        options ??= new SpeakOptions();
        var pieces = input.Split(text, options.LongestUtterance, options.Notice);
        if (pieces.Count == 0) throw new SpeechException("the text has no word that can be spoken");
        return [.. pieces.Select((piece, number) => new Utterance(number, pieces.Count, piece.Text, piece.Break))];
    }

    /// <summary>Speaks a text.</summary>
    /// <returns>The sound in order, made while it is enumerated; nothing is computed ahead.</returns>
    /// <exception cref="SpeechException">Nothing to say or too much, thrown at once; sound that is not a number, thrown while enumerating.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; thrown while enumerating. Chunks handed out stay valid.</exception>
    public IEnumerable<SpeechChunk> Speak(string text, SpeakOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new SpeakOptions();
        return Speak(Utterances(text, options), options, cancellation);
    }

    /// <inheritdoc cref="Speak(string, SpeakOptions?, CancellationToken)"/>
    public IEnumerable<SpeechChunk> Speak(IReadOnlyList<Utterance> utterances, SpeakOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(utterances);
        ArgumentNullException.ThrowIfNull(options);
        return Requests(utterances, options).SelectMany(request => Say(request, options, cancellation));
    }

    /// <summary>Speaks a text with the sound of one patch made while the next is generated. The samples are those of <c>Speak</c>.</summary>
    /// <returns>The sound in order; generation runs at most a few patches ahead of who enumerates, and ends within one patch when he stops or cancels.</returns>
    /// <inheritdoc cref="Speak(string, SpeakOptions?, CancellationToken)"/>
    public IAsyncEnumerable<SpeechChunk> SpeakAsync(string text, SpeakOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new SpeakOptions();
        return SpeakAsync(Utterances(text, options), options, cancellation);
    }

    /// <inheritdoc cref="SpeakAsync(string, SpeakOptions?, CancellationToken)"/>
    public IAsyncEnumerable<SpeechChunk> SpeakAsync(IReadOnlyList<Utterance> utterances, SpeakOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(utterances);
        ArgumentNullException.ThrowIfNull(options);
        return new OverlappedSpeech(engine, (request, patch) => Chunk(request, patch, options)).Run(Requests(utterances, options), cancellation);
    }

    /// <summary>Patches after which an utterance is ended if the stop head has not done so.</summary>
    public int MostPatches(string spoken)
    {
        ArgumentNullException.ThrowIfNull(spoken);
        var words = spoken.AsSpan().Count(' ') + 1;
        var seconds = SecondsAtLeast + words * SecondsPerWord + (spoken.Length - words + 1) * SecondsPerLetter;
        return (int)Math.Ceiling(seconds * SampleRate / PatchSamples);
    }

    public void Dispose()
    {
        // Its memory is counted with the process's. A fault of its own is no part of what was asked for.
        Task.WhenAny(rehearsal).Wait();
        engine.Dispose();
    }

    internal static void RequireText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (string.IsNullOrWhiteSpace(text)) throw new SpeechException("the text is empty");
        if (text.Length > LongestText) throw new SpeechException($"the text has {text.Length} characters; at most {LongestText} are spoken at a time");
    }

    private List<UtteranceRequest> Requests(IReadOnlyList<Utterance> utterances, SpeakOptions options)
    {
        var defaults = Checkpoint.Config.Sampling;
        var sampler = new SamplerOptions
        {
            Steps = options.Steps ?? defaults.Steps,
            Guidance = options.Guidance ?? defaults.Guidance,
            Temperature = options.Temperature ?? defaults.Temperature,
            Seed = options.Seed,
        };
        var voice = options.Voice ?? (Checkpoint.Voices.Count > 0 ? Checkpoint.Voices[0] : null);
        return [.. utterances.Select(utterance => new UtteranceRequest(utterance, Request(utterance, voice, sampler)))];
    }

    private GenerationRequest Request(Utterance utterance, Voice? voice, SamplerOptions sampler) =>
        // Each utterance has noise of its own.
        new(input.Symbols(utterance.Text), sampler with { Seed = unchecked(sampler.Seed + (ulong)utterance.Number) })
        {
            // The model was trained on prompt and target with a space between.
            Prompt = voice is null ? null : new SpeechPrompt(input.Symbols(voice.Text + " "), voice.Latents),
            MaxPatches = MostPatches(utterance.Text),
            StopThreshold = Checkpoint.Config.Sampling.StopThreshold,
        };

    private IEnumerable<SpeechChunk> Say(UtteranceRequest request, SpeakOptions options, CancellationToken cancellation)
    {
        using var session = engine.Rent();
        foreach (var patch in session.Loop.Generate(request.Request, cancellation: cancellation).OnKernels(engine.Kernels)) yield return Chunk(request, patch, options);
    }

    private SpeechChunk Chunk(UtteranceRequest request, GeneratedPatch patch, SpeakOptions options)
    {
        var utterance = request.Utterance;
        if (!AllFinite(patch.Samples))
            throw new SpeechException($"the model's sound is not a number from patch {patch.Number} of \"{utterance.Text}\" on; its weights must be damaged");
        if (patch.Last && patch.StopProbability < request.Request.StopThreshold)
            options.Notice?.Invoke($"\"{utterance.Text}\" ran to the limit of {patch.Number + 1} patches; its end may be cut off or babble");
        var pause = patch.Last && utterance.Number < utterance.Count - 1 ? PauseAfter(utterance.Break, options) : 0;
        float[] samples = pause == 0 ? patch.Samples : [.. patch.Samples, .. new float[pause]];
        return new SpeechChunk(samples, utterance, patch.Number, patch.StopProbability, patch.Last, pause);
    }

    private int PauseAfter(UtteranceBreak after, SpeakOptions options)
    {
        var pause = after switch
        {
            UtteranceBreak.Sentence => options.SentencePause,
            UtteranceBreak.Clause => options.ClausePause,
            _ => TimeSpan.Zero,
        };
        return (int)(SampleRate * pause.TotalSeconds);
    }

    private static bool AllFinite(ReadOnlySpan<float> samples)
    {
        foreach (var sample in samples)
            if (!float.IsFinite(sample)) return false;
        return true;
    }
}
