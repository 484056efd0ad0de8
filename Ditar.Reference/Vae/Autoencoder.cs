// The whole tokenizer: encoder, decoder, and the statistics that scale its latents to unit variance per channel (spec section 2, ours).

using Ditar.Reference.Layers;

namespace Ditar.Reference.Vae;

public sealed class Autoencoder
{
    public Autoencoder(ParameterScope scope, VaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        Config = config;
        Encoder = new VaeEncoder(scope["encoder"], config);
        Decoder = WaveDecoder.Create(scope["decoder"], config);
        LatentMean = scope.Take("latent_mean", [config.LatentDim], Start.Zeros);
        LatentDeviation = scope.Take("latent_deviation", [config.LatentDim], Start.Ones);
        Parameters = [.. scope.Source.Taken];
    }

    public VaeConfig Config { get; }

    /// <summary>Every weight by name, in the order in which layers asked for them.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    public VaeEncoder Encoder { get; }

    public IWaveDecoder Decoder { get; }

    /// <summary>[D], over the training corpus; not trained.</summary>
    public Tensor LatentMean { get; }

    /// <summary>[D], over the training corpus; not trained.</summary>
    public Tensor LatentDeviation { get; }

    /// <summary>Audio to the scaled latents that DiTAR models: posterior means, standardised per channel.</summary>
    /// <param name="audio">[batch, frames * hop, 1].</param>
    /// <returns>[batch, frames, D].</returns>
    public Tensor Encode(Tensor audio) => (Encoder.Forward(audio).Mean - LatentMean) / LatentDeviation;

    /// <summary>Scaled latents to audio.</summary>
    /// <param name="latents">[batch, frames, D].</param>
    /// <param name="stream">Null for whole signals.</param>
    /// <returns>[batch, frames * hop, 1]; from a stream, the samples that are final now.</returns>
    public Tensor Decode(Tensor latents, DecoderState? stream = null) => Decoder.Forward((latents * LatentDeviation) + LatentMean, stream);
}
