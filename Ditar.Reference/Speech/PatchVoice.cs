// The sound of an utterance, patch by patch. The vocoder hears the end of the prompt first, so that it does not start from silence; the samples of that part
// are swallowed.

namespace Ditar.Reference.Speech;

public sealed class PatchVoice : IDisposable
{
    private readonly IVocoderState state;
    private int swallow;

    /// <param name="type">Of the latents to come.</param>
    public PatchVoice(IVocoder vocoder, GenerationRequest request, ElementType type)
    {
        ArgumentNullException.ThrowIfNull(vocoder);
        ArgumentNullException.ThrowIfNull(request);
        state = vocoder.Start();
        if (request.Prompt is not { } prompt || request.VocoderContext == 0) return;
        var patches = Math.Min(request.VocoderContext, prompt.Latents[0]);
        var context = prompt.Latents.Slice(0, prompt.Latents[0] - patches, patches).Reshape(-1, prompt.Latents[2]);
        swallow = context[0] * vocoder.Hop;
        _ = Push(context.To(type), last: false);
    }

    /// <param name="latents">[P, D], the next patch.</param>
    /// <param name="last">Whether it is the last one.</param>
    /// <returns>The samples that are final now.</returns>
    public float[] Push(Tensor latents, bool last)
    {
        var samples = state.Push(latents, last);
        if (swallow == 0) return samples;
        var count = Math.Min(swallow, samples.Length);
        swallow -= count;
        return samples[count..];
    }

    public void Dispose() => state.Dispose();
}
