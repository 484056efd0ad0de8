// The generation loop (spec, section 5), written once over the four interfaces:
//     h = LM([text symbols, audio-start, LocEnc(prompt patches)]) at the last position; a reference voice may come before the text
//     repeat  patch = sample(LocDiT given h, last K patches);  stream it out;  end if the stop head fired on h;  h = LM step(LocEnc(patch))
// The enumeration is lazy: each patch, with its samples, is handed out before the next one is begun.
// Left out: encoding the prompt's waveform, tokenising, and batches of several utterances.

using Ditar.Reference.Diffusion;

namespace Ditar.Reference.Speech;

/// <summary>What of a model's shape the loop must know.</summary>
/// <param name="PatchSize">P: latents per patch.</param>
/// <param name="HistoryPatches">K: patches that LocDiT sees.</param>
/// <param name="LatentDim">D.</param>
/// <param name="MaxPositions">Longest sequence of the language model.</param>
public sealed record PatchShape(int PatchSize, int HistoryPatches, int LatentDim, int MaxPositions = int.MaxValue)
{
    public static PatchShape Of(DitarConfig config) => new(config.PatchSize, config.HistoryPatches, config.LatentDim, config.MaxPositions);
}

/// <param name="vocoder">Null for latents only.</param>
/// <param name="audioStart">The symbol between text and speech; its h conditions the first patch.</param>
public sealed class GenerationLoop(
    IPatchEncoder encoder, ILanguageModel language, IVelocityField field, IVocoder? vocoder, PatchShape shape, int audioStart)
{
    /// <summary>The spec's model.</summary>
    public GenerationLoop(DitarModel model, IVocoder? vocoder, int audioStart)
        : this(model.Encoder, model.LanguageModel, model.Diffusion, vocoder, PatchShape.Of(model.Config), audioStart)
    {
    }

    /// <summary>Speaks.</summary>
    /// <returns>Patches in order, made while they are enumerated; ends after the one that is <see cref="GeneratedPatch.Last"/>.</returns>
    /// <exception cref="ArgumentException">The request cannot be met; thrown here, before anything is computed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; thrown while enumerating. What was handed out stays valid.</exception>
    public IEnumerable<GeneratedPatch> Generate(
        GenerationRequest request, IProgress<GenerationProgress>? progress = null, CancellationToken cancellation = default)
    {
        Check(request);
        return Run(request, Math.Min(request.MaxPatches, Room(request)), progress, cancellation);
    }

    /// <summary>Reads a reference once, for any number of utterances in its voice. With it an utterance takes its last bits from two shorter products instead of
    /// one, always the same ones.</summary>
    /// <returns>Null where the language model's state cannot be copied.</returns>
    /// <exception cref="ArgumentException">The reference does not fit the model.</exception>
    public KeptReference? Keep(SpeechReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        CheckLatents(reference.Latents, "reference");
        if (reference.Latents[0] > shape.MaxPositions - 2L)
            throw new ArgumentException($"The reference takes {reference.Latents[0] + 2L} positions, the model has {shape.MaxPositions}: shorten it.", nameof(reference));
        var state = language.Start();
        try
        {
            if (!state.Forks)
            {
                state.Dispose();
                return null;
            }

            using var memory = new Arena().Open();
            var reading = new Reading(encoder, language);
            reading.Hear(reference);
            _ = reading.Forward(state);
            return new KeptReference(reference, language, state);
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private IEnumerable<GeneratedPatch> Run(GenerationRequest request, int limit, IProgress<GenerationProgress>? progress, CancellationToken cancellation)
    {
        // What a step computes lives in the arena and dies with it; hidden, history and the patch stay and are overwritten. Only what is handed out is new.
        // The vocoder runs outside of the arena because its state is made of what it computes.
        var arena = new Arena();
        using var state = request.Kept?.State.Fork() ?? language.Start();
        cancellation.ThrowIfCancellationRequested();
        var hidden = Prefill(arena, request, state);                                               // [1, width]
        var history = Tensor.Zeros(hidden.Type, 1, shape.HistoryPatches * shape.PatchSize, shape.LatentDim);
        var patch = Tensor.Zeros(hidden.Type, 1, shape.PatchSize, shape.LatentDim);
        if (request.Prompt is { } prompt) Extend(arena, history, prompt.Latents);
        using var voice = vocoder is null ? null : new PatchVoice(vocoder, request, hidden.Type);
        progress?.Report(new GenerationProgress(0, limit));
        for (var number = 0; ; number++)
        {
            cancellation.ThrowIfCancellationRequested();
            var stop = Sample(arena, request, hidden, history, number, patch, cancellation);
            var latents = patch.Reshape(shape.PatchSize, shape.LatentDim).Copy();
            var last = number + 1 >= limit || (number + 1 >= request.MinPatches && stop >= request.StopThreshold);
            var samples = voice?.Push(latents, last) ?? [];
            progress?.Report(new GenerationProgress(number + 1, limit));
            yield return new GeneratedPatch(number, latents, stop, last, samples);
            if (last) yield break;
            cancellation.ThrowIfCancellationRequested();
            Advance(arena, patch, state, hidden);
            Extend(arena, history, patch);
        }
    }

    private Tensor Prefill(Arena arena, GenerationRequest request, ILanguageState state)
    {
        using var memory = arena.Open();
        var reading = new Reading(encoder, language);
        if (request is { Reference: { } reference, Kept: null }) reading.Hear(reference);
        reading.Say([.. request.Prompt?.Text ?? [], .. request.Text, audioStart]);
        if (request.Prompt is { } prompt) reading.Hear(prompt.Latents);
        return LastRow(reading.Forward(state)).Copy();
    }

    // Writes the patch [1, P, D] and returns the probability that it is the last.
    private double Sample(Arena arena, GenerationRequest request, Tensor hidden, Tensor history, int number, Tensor patch, CancellationToken cancellation)
    {
        using var memory = arena.Open();
        var stop = language.StopProbability(hidden);
        var asked = new PatchRequest(language.Condition(hidden), history, shape.PatchSize, number);
        patch.Write(request.Sampler.Sample(field, asked, request.Noise, cancellation));
        return stop;
    }

    private void Advance(Arena arena, Tensor patch, ILanguageState state, Tensor hidden)
    {
        using var memory = arena.Open();
        hidden.Write(LastRow(language.Forward(encoder.Encode(patch), [true], state)));
    }

    // The newest K patches of what was there and what came: [1, K*P, D].
    private void Extend(Arena arena, Tensor history, Tensor patches)
    {
        using var memory = arena.Open();
        var all = Tensor.Concat(1, history, patches.To(history.Type).Reshape(1, -1, shape.LatentDim));
        history.Write(all.Slice(1, all[1] - history[1], history[1]));
    }

    // How many patches the language model has positions for. The last one is never read back, so it needs none.
    private int Room(GenerationRequest request)
    {
        var prefill = (long)request.Text.Length + (request.Prompt?.Text.Length ?? 0) + 1 + (request.Prompt?.Latents[0] ?? 0);
        if (request.Reference is { } reference) prefill += reference.Latents[0] + 2;
        if (prefill > shape.MaxPositions)
            throw new ArgumentException($"Text and prompt take {prefill} positions, the model has {shape.MaxPositions}: shorten or split the text.", nameof(request));
        return (int)Math.Min(int.MaxValue, shape.MaxPositions - prefill + 1);
    }

    private static Tensor LastRow(Tensor hidden) => hidden.Slice(0, hidden[0] - 1, 1);

    private void Check(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Text.Length == 0) throw new ArgumentException("There is no text to speak.", nameof(request));
        if (request.MinPatches < 1 || request.MaxPatches < request.MinPatches)
            throw new ArgumentException($"1 <= minimum <= maximum of patches expected, found {request.MinPatches} and {request.MaxPatches}.", nameof(request));
        if (!(request.StopThreshold is > 0 and <= 1)) throw new ArgumentException($"A stop threshold lies in (0, 1], found {request.StopThreshold}.", nameof(request));
        if (request.VocoderContext < 0) throw new ArgumentException($"The vocoder's context cannot be {request.VocoderContext} patches.", nameof(request));
        if (request.Reference is { } reference) CheckLatents(reference.Latents, "reference");
        if (request.Kept is { } kept && (kept.Reference != request.Reference || kept.Language != language))
            throw new ArgumentException("The kept reference is another one than the request's, or was read by another model.", nameof(request));
        if (request.Prompt is not { } prompt) return;
        if (prompt.Text.Length == 0) throw new ArgumentException("A prompt needs the text that is said in it.", nameof(request));
        CheckLatents(prompt.Latents, "prompt");
    }

    private void CheckLatents(Tensor latents, string whose)
    {
        var found = latents.Shape;
        if (found.Length != 3 || found[0] == 0 || found[1] != shape.PatchSize || found[2] != shape.LatentDim)
            throw new ArgumentException($"The {whose}'s latents must be [patches, {shape.PatchSize}, {shape.LatentDim}], found {ShapeText.Of(found)}.", nameof(latents));
    }

    /// <summary>What the language model is to read in one go: symbols and patches in their order.</summary>
    private sealed class Reading(IPatchEncoder encoder, ILanguageModel language)
    {
        private readonly List<Tensor> inputs = [];
        private readonly List<bool> patches = [];

        public void Hear(SpeechReference reference)
        {
            Say(reference.Before);
            Hear(reference.Latents);
            Say(reference.After);
        }

        public void Say(params ReadOnlySpan<int> symbols) => Add(language.Embed(symbols), false);          // [symbols, width]

        public void Hear(Tensor latents) => Add(encoder.Encode(latents.To(inputs[0].Type)), true);         // [patches, width]

        /// <returns>[time, width]: h at each position.</returns>
        public Tensor Forward(ILanguageState state) => language.Forward(inputs.Count == 1 ? inputs[0] : Tensor.Concat(0, [.. inputs]), [.. patches], state);

        private void Add(Tensor rows, bool patch)
        {
            inputs.Add(rows);
            patches.AddRange(Enumerable.Repeat(patch, rows[0]));
        }
    }
}
