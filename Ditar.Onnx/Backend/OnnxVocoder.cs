// The decoder through its graph, streamed: with each piece a window is decoded of the new latents and as many old ones as their samples depend on. The
// samples are those of one whole decode up to the order in which a kernel sums; the price is that old latents are computed again (for the tiny model about
// eight times the work of a decode with memory, which is small beside the rest; for VoxCPM-0.5B ten times, which is not).

using System.Runtime.InteropServices;
using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

/// <param name="sampleRate">In Hz.</param>
/// <param name="hop">Samples of a latent.</param>
/// <param name="dim">D.</param>
internal sealed class OnnxVocoder(ExportedGraphs graphs, int sampleRate, int hop, int dim, DecoderReach reach) : IVocoder
{
    public int SampleRate => sampleRate;

    public int Hop => hop;

    public IVocoderState Start() => new State(this);

    private DecoderReach Reach => reach;

    private int Dim => dim;

    // [frames, D] -> frames * hop samples.
    private float[] Decode(ReadOnlySpan<float> latents)
    {
        var graph = graphs.Graph(GraphNames.VaeDecoder);
        var frames = latents.Length / dim;
        using var fed = OnnxTensor.From(graph.Session.Library, latents, 1, frames, dim);
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
            var dim = vocoder.Dim;
            if (latents.Rank != 2 || latents[1] != dim) throw new ArgumentException($"Expected latents [frames, {dim}], found {latents}.", nameof(latents));
            if (ended) throw new InvalidOperationException("The last piece of this stream was already pushed; start another.");
            ended = last;
            held.AddRange(latents.ToSingles());
            var end = start + (held.Count / dim);
            var final = last ? end : Math.Max(done, end - vocoder.Reach.Ahead);
            if (final == done) return [];
            var hop = vocoder.Hop;
            var samples = vocoder.Decode(CollectionsMarshal.AsSpan(held))[((done - start) * hop)..((final - start) * hop)];
            done = final;
            var keep = Math.Max(start, done - vocoder.Reach.Back);
            held.RemoveRange(0, (keep - start) * dim);
            start = keep;
            return samples;
        }
    }
}
