// A decoder as the generation loop sees it: latents in, samples out, piece by piece (spec section 5).

using Ditar.Reference.Speech;

namespace Ditar.Reference.Vae;

/// <param name="sampleRate">In Hz.</param>
/// <param name="hop">Samples per latent.</param>
/// <param name="latentDim">D.</param>
/// <param name="lookAhead">Latents that must follow a latent before all of its samples come out.</param>
/// <param name="decode">[1, frames, D] to [1, time, 1], what is final now.</param>
public sealed class VaeVocoder(int sampleRate, int hop, int latentDim, int lookAhead, Func<Tensor, DecoderState, Tensor> decode) : IVocoder
{
    /// <summary>Our own tokenizer's decoder; its latents are scaled.</summary>
    public VaeVocoder(Autoencoder autoencoder)
        : this(autoencoder.Config.SampleRate, autoencoder.Config.Hop, autoencoder.Config.LatentDim, autoencoder.Decoder.LookAhead, autoencoder.Decode)
    {
    }

    public int SampleRate => sampleRate;

    public int Hop => hop;

    /// <summary>Latents that must follow a latent before all of its samples come out.</summary>
    public int LookAhead => lookAhead;

    public IVocoderState Start() => new State(latentDim, decode);

    private sealed class State(int d, Func<Tensor, DecoderState, Tensor> decode) : IVocoderState
    {
        private readonly DecoderState stream = new();

        public void Dispose()
        {
        }

        public float[] Push(Tensor latents, bool last)
        {
            ArgumentNullException.ThrowIfNull(latents);
            if (latents.Rank != 2 || latents[1] != d) throw new ArgumentException($"Expected latents [frames, {d}], found {latents}.", nameof(latents));
            if (stream.Last) throw new InvalidOperationException("The last piece of this stream was already pushed; start another.");
            stream.Last = last;
            return latents[0] == 0 && !last ? [] : decode(latents.Reshape(1, latents[0], d), stream).ToSingles();
        }
    }
}
