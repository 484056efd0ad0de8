// The decoder as the generation loop sees it: scaled latents in, samples out, piece by piece (spec section 5).

using Ditar.Reference.Speech;

namespace Ditar.Reference.Vae;

public sealed class VaeVocoder(Autoencoder autoencoder) : IVocoder
{
    public int SampleRate => autoencoder.Config.SampleRate;

    public int Hop => autoencoder.Config.Hop;

    /// <summary>Latents that must follow a latent before all of its samples come out.</summary>
    public int LookAhead => autoencoder.Decoder.LookAhead;

    public IVocoderState Start() => new State(autoencoder);

    private sealed class State(Autoencoder autoencoder) : IVocoderState
    {
        private readonly DecoderState stream = new();

        public void Dispose()
        {
        }

        public float[] Push(Tensor latents, bool last)
        {
            ArgumentNullException.ThrowIfNull(latents);
            var d = autoencoder.Config.LatentDim;
            if (latents.Rank != 2 || latents[1] != d) throw new ArgumentException($"Expected latents [frames, {d}], found {latents}.", nameof(latents));
            if (stream.Last) throw new InvalidOperationException("The last piece of this stream was already pushed; start another.");
            stream.Last = last;
            return latents[0] == 0 && !last ? [] : autoencoder.Decode(latents.Reshape(1, latents[0], d), stream).ToSingles();
        }
    }
}
