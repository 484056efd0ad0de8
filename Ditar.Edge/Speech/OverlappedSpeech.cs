// Speaking as a pipeline: while the vocoder makes the sound of patch k on one thread, patch k + 1 is generated on another, and the caller hears patch k - 1.
// Each stage hands on in order, so the samples are those of speaking step by step. Stages run ahead by at most two patches: nobody's memory fills up
// when the caller is slow, and a caller who goes away ends both within one patch.

using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;

namespace Ditar.Edge;

/// <param name="Utterance">What is being said.</param>
/// <param name="Request">What the generation loop is asked for.</param>
internal sealed record UtteranceRequest(Utterance Utterance, GenerationRequest Request);

internal sealed class OverlappedSpeech(SpeechEngine engine, Func<UtteranceRequest, GeneratedPatch, SpeechChunk> finish)
{
    private const int Ahead = 2;

    public async IAsyncEnumerable<SpeechChunk> Run(IEnumerable<UtteranceRequest> utterances, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var token = source.Token;
        var patches = Channel.CreateBounded<(UtteranceRequest, GeneratedPatch)>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var chunks = Channel.CreateBounded<SpeechChunk>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var generation = Task.Run(() => Stage(patches.Writer, () => Generate(utterances, patches.Writer, token)), CancellationToken.None);
        var sound = Task.Run(() => Stage(chunks.Writer, () => Voice(patches.Reader, chunks.Writer, token)), CancellationToken.None);
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                cancellation.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
        finally
        {
            await source.CancelAsync().ConfigureAwait(false);
            await generation.ConfigureAwait(false);
            await sound.ConfigureAwait(false);
        }
    }

    // What ends a stage, well or badly, reaches the next one through the channel and so the caller.
    private static async Task Stage<T>(ChannelWriter<T> writer, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
            writer.Complete();
        }
#pragma warning disable CA1031 // Every failure is handed to the caller.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            writer.Complete(failure);
        }
    }

    private async Task Generate(IEnumerable<UtteranceRequest> utterances, ChannelWriter<(UtteranceRequest, GeneratedPatch)> to, CancellationToken cancellation)
    {
        foreach (var utterance in utterances)
        {
            using var session = engine.Rent();
            using var steps = session.Silent.Generate(utterance.Request, cancellation: cancellation).GetEnumerator();
            while (Next(steps)) await to.WriteAsync((utterance, steps.Current), cancellation).ConfigureAwait(false);
        }
    }

    private async Task Voice(ChannelReader<(UtteranceRequest, GeneratedPatch)> from, ChannelWriter<SpeechChunk> to, CancellationToken cancellation)
    {
        PatchVoice? voice = null;
        try
        {
            await foreach (var (utterance, patch) in from.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                var chunk = Sound(ref voice, utterance, patch);
                if (patch.Last)
                {
                    voice?.Dispose();
                    voice = null;
                }

                await to.WriteAsync(chunk, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            voice?.Dispose();
        }
    }

    // Kernels are chosen per thread, and between two patches a stage may move to another one.
    private bool Next(IEnumerator<GeneratedPatch> steps)
    {
        using var kernels = KernelSet.Use(engine.Kernels);
        return steps.MoveNext();
    }

    private SpeechChunk Sound(ref PatchVoice? voice, UtteranceRequest utterance, GeneratedPatch patch)
    {
        using var kernels = KernelSet.Use(engine.Kernels);
        voice ??= new PatchVoice(engine.Vocoder, utterance.Request, patch.Latents.Type);
        return finish(utterance, patch with { Samples = voice.Push(patch.Latents, patch.Last) });
    }
}
