// VoxCPM's speech tokenizer, AudioVAE: causal encoder and decoder; latents are used as they come, without scaling.

using Ditar.Reference.Layers;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioVae
{
    public AudioVae(ParameterSource source, AudioVaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        if (config.Fault() is { } fault) throw new ArgumentException($"Not an audio VAE: {fault}.", nameof(config));
        Config = config;
        Encoder = new AudioVaeEncoder(source.Root["encoder"], config);
        Decoder = new AudioVaeDecoder(source.Root["decoder"], config);
        Parameters = [.. source.Taken];
    }

    public AudioVaeConfig Config { get; }

    public AudioVaeEncoder Encoder { get; }

    public AudioVaeDecoder Decoder { get; }

    /// <summary>Every weight by name, in the order in which layers asked for them.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    /// <summary>Any number of samples: zeros fill the last frame.</summary>
    /// <param name="samples">Mono at the encoder's rate, -1..1.</param>
    /// <returns>[frames, D].</returns>
    public Tensor Encode(ReadOnlySpan<float> samples)
    {
        var hop = Config.EncoderHop;
        var padded = new float[(samples.Length + hop - 1) / hop * hop];
        samples.CopyTo(padded);
        return Encoder.Forward(Tensor.From(padded, 1, padded.Length, 1).To(Encoder.Enter.Weight.Type)).Reshape(-1, Config.LatentDim);
    }

    /// <summary>The decoder as the generation loop sees it.</summary>
    public VaeVocoder Vocoder() =>
        new(Config.OutputRate, Config.DecoderHop, Config.LatentDim, Decoder.LookAhead, (latents, stream) => Decoder.Forward(latents, stream));
}
