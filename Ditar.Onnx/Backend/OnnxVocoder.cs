// The decoder through its graph, streamed: with each piece a window is decoded of the new latents and as many old ones as their samples depend on. The
// samples are those of one whole decode up to the order in which a kernel sums; the price is that old latents are computed again (for the tiny model about
// eight times the work of a decode with memory, which is small beside the rest).

using System.Runtime.InteropServices;
using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxVocoder(ExportedModel model) : IVocoder
{
    private readonly DecoderReach reach = DecoderReach.Of(model.Vae);

    private ExportedModel Model => model;

    public int SampleRate => model.Vae.SampleRate;

    public int Hop => model.Vae.Hop;

    public IVocoderState Start() => new State(this);

    // [frames, D] -> frames * hop samples.
    private float[] Decode(ReadOnlySpan<float> latents)
    {
        var graph = model.Graph(GraphNames.VaeDecoder);
        var frames = latents.Length / model.Vae.LatentDim;
        using var fed = OnnxTensor.From(graph.Session.Library, latents, 1, frames, model.Vae.LatentDim);
        return graph.Run("audio", [("latents", fed)], 1, checked(frames * Hop), 1).ToSingles();
    }

    private sealed class State(OnnxVocoder vocoder) : IVocoderState
    {
        // Latents that are still needed, the first of them number `start` of the stream; samples are out up to latent number `done`.
        private readonly List<float> held = [];
        private int start;
        private int done;
        private bool ended;

        public void Dispose()
        {
        }

        public float[] Push(Tensor latents, bool last)
        {
            ArgumentNullException.ThrowIfNull(latents);
            var dim = vocoder.Model.Vae.LatentDim;
            if (latents.Rank != 2 || latents[1] != dim) throw new ArgumentException($"Expected latents [frames, {dim}], found {latents}.", nameof(latents));
            if (ended) throw new InvalidOperationException("The last piece of this stream was already pushed; start another.");
            ended = last;
            held.AddRange(latents.ToSingles());
            var end = start + (held.Count / dim);
            var final = last ? end : Math.Max(done, end - vocoder.reach.Ahead);
            if (final == done) return [];
            var hop = vocoder.Hop;
            var samples = vocoder.Decode(CollectionsMarshal.AsSpan(held))[((done - start) * hop)..((final - start) * hop)];
            done = final;
            var keep = Math.Max(start, done - vocoder.reach.Back);
            held.RemoveRange(0, (keep - start) * dim);
            start = keep;
            return samples;
        }
    }
}
