// Latents to waveform: the two decoders of VaeConfig.Decoder behind one call.

using Ditar.Reference.Layers;

namespace Ditar.Reference.Vae;

public interface IWaveDecoder
{
    /// <summary>Latents after a latent that must have been pushed before all of its samples come out of a stream.</summary>
    int LookAhead { get; }

    /// <param name="latents">[batch, frames, D], unscaled.</param>
    /// <param name="stream">Null for whole signals; frames may then not be 0.</param>
    /// <returns>[batch, frames * hop, 1]; from a stream, the samples that are final now.</returns>
    Tensor Forward(Tensor latents, DecoderState? stream = null);
}

public static class WaveDecoder
{
    /// <summary>The decoder that the configuration names.</summary>
    public static IWaveDecoder Create(ParameterScope scope, VaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        return config.Decoder == VaeConfig.InverseStftKind ? new InverseStftDecoder(scope, config) : new BigVganDecoder(scope, config);
    }
}
