// The generation loop (spec, section 5), written once over the four interfaces:
//     h = LM([text symbols, audio-start, LocEnc(prompt patches)]) at the last position
//     repeat  patch = sample(LocDiT given h, last K patches);  stream it out;  end if the stop head fired on h;  h = LM step(LocEnc(patch))
// The enumeration is lazy: each patch, with its samples, is handed out before the next one is begun.
// Left out: encoding the prompt's waveform, tokenising, and batches of several utterances.

using Ditar.Reference.Diffusion;

namespace Ditar.Reference.Speech;

/// <param name="Latents">P: latents per patch.</param>
/// <param name="History">K: patches that LocDiT sees.</param>
/// <param name="Channels">D.</param>
public sealed record PatchShape(int Latents, int History, int Channels);

/// <param name="vocoder">Null for latents only.</param>
/// <param name="audioStart">The symbol between text and speech; its h conditions the first patch.</param>
public sealed class GenerationLoop(
    IPatchEncoder encoder, ILanguageModel language, IVelocityField field, IVocoder? vocoder, PatchShape shape, int audioStart)
{
    /// <summary>Speaks.</summary>
    /// <returns>Patches in order, made while they are enumerated; ends after the one that is <see cref="GeneratedPatch.Last"/>.</returns>
    /// <exception cref="ArgumentException">The request cannot be met; thrown here, before anything is computed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; thrown while enumerating. What was handed out stays valid.</exception>
    public IEnumerable<GeneratedPatch> Generate(
        GenerationRequest request, IProgress<GenerationProgress>? progress = null, CancellationToken cancellation = default)
    {
        Check(request);
        return Run(request, progress, cancellation);
    }

    private IEnumerable<GeneratedPatch> Run(GenerationRequest request, IProgress<GenerationProgress>? progress, CancellationToken cancellation)
    {
        // What a step computes lives in the arena and is overwritten by the next; hidden, history and latents are copies that stay.
        // The vocoder runs outside of it because its state is made of what it computes.
        var arena = new Arena();
        var state = language.Start();
        cancellation.ThrowIfCancellationRequested();
        var hidden = Prefill(arena, request, state);                                               // [1, width]
        var history = Extend(arena, Tensor.Zeros(hidden.Type, 1, shape.History * shape.Latents, shape.Channels), request.Prompt?.Latents);
        var voice = vocoder is null ? null : new VoiceStream(vocoder, request);
        progress?.Report(new GenerationProgress(0, request.MaxPatches));
        for (var number = 0; ; number++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (latents, stop) = Patch(arena, request, hidden, history, number, cancellation);
            var last = number + 1 >= request.MaxPatches || (number + 1 >= request.MinPatches && stop >= request.StopThreshold);
            var samples = voice?.Push(latents, last) ?? [];
            progress?.Report(new GenerationProgress(number + 1, request.MaxPatches));
            yield return new GeneratedPatch(number, latents, stop, last, samples);
            if (last) yield break;
            cancellation.ThrowIfCancellationRequested();
            var patches = latents.Reshape(1, shape.Latents, shape.Channels);
            hidden = Advance(arena, patches, state);
            history = Extend(arena, history, patches);
        }
    }

    private Tensor Prefill(Arena arena, GenerationRequest request, ILanguageState state)
    {
        using var memory = arena.Open();
        var inputs = language.Embed([.. request.Prompt?.Text ?? [], .. request.Text, audioStart]);                                   // [symbols, width]
        if (request.Prompt is { } prompt) inputs = Tensor.Concat(0, inputs, encoder.Encode(prompt.Latents.To(inputs.Type)));
        return LastRow(language.Forward(inputs, state));
    }

    private (Tensor Latents, double Stop) Patch(
        Arena arena, GenerationRequest request, Tensor hidden, Tensor history, int number, CancellationToken cancellation)
    {
        using var memory = arena.Open();
        var stop = language.StopProbability(hidden);
        var patch = request.Sampler.Sample(field, new PatchRequest(hidden, history, shape.Latents, number), request.Noise, cancellation);
        return (patch.Reshape(shape.Latents, shape.Channels).Copy(), stop);
    }

    private Tensor Advance(Arena arena, Tensor patch, ILanguageState state)
    {
        using var memory = arena.Open();
        return LastRow(language.Forward(encoder.Encode(patch), state));
    }

    // The newest K patches of what was there and what came: [1, K*P, D].
    private Tensor Extend(Arena arena, Tensor history, Tensor? patches)
    {
        using var memory = arena.Open();
        if (patches is null) return history.Copy();
        var all = Tensor.Concat(1, history, patches.To(history.Type).Reshape(1, -1, shape.Channels));
        var kept = shape.History * shape.Latents;
        return all.Slice(1, all[1] - kept, kept).Copy();
    }

    private static Tensor LastRow(Tensor hidden) => hidden.Slice(0, hidden[0] - 1, 1).Copy();

    private void Check(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Text.Length == 0) throw new ArgumentException("There is no text to speak.", nameof(request));
        if (request.MinPatches < 1 || request.MaxPatches < request.MinPatches)
            throw new ArgumentException($"1 <= minimum <= maximum of patches expected, found {request.MinPatches} and {request.MaxPatches}.", nameof(request));
        if (!(request.StopThreshold is > 0 and <= 1)) throw new ArgumentException($"A stop threshold lies in (0, 1], found {request.StopThreshold}.", nameof(request));
        if (request.VocoderContext < 0) throw new ArgumentException($"The vocoder's context cannot be {request.VocoderContext} patches.", nameof(request));
        if (request.Prompt is not { } prompt) return;
        if (prompt.Text.Length == 0) throw new ArgumentException("A prompt needs the text that is said in it.", nameof(request));
        var found = prompt.Latents.Shape;
        if (found.Length != 3 || found[0] == 0 || found[1] != shape.Latents || found[2] != shape.Channels)
            throw new ArgumentException($"The prompt's latents must be [patches, {shape.Latents}, {shape.Channels}], found {ShapeText.Of(found)}.", nameof(request));
    }

    // The vocoder hears the end of the prompt first; the samples of that part are swallowed.
    private sealed class VoiceStream
    {
        private readonly IVocoderState state;
        private int swallow;

        public VoiceStream(IVocoder vocoder, GenerationRequest request)
        {
            state = vocoder.Start();
            if (request.Prompt is not { } prompt || request.VocoderContext == 0) return;
            var patches = Math.Min(request.VocoderContext, prompt.Latents[0]);
            var context = prompt.Latents.Slice(0, prompt.Latents[0] - patches, patches).Reshape(-1, prompt.Latents[2]);
            swallow = context[0] * vocoder.Hop;
            Swallowed(state.Push(context, last: false));
        }

        public float[] Push(Tensor latents, bool last) => Swallowed(state.Push(latents, last));

        private float[] Swallowed(float[] samples)
        {
            var count = Math.Min(swallow, samples.Length);
            swallow -= count;
            return samples[count..];
        }
    }
}
