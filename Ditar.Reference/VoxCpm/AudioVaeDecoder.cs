// VoxCPM's decoder (DAC's, Kumar et al., arXiv 2306.06546, made causal): blocks of rate condition (version 2), Snake, up-sampling and three dilated
// residual units. Everything looks back only, so a stream waits for nothing and gives what a whole decode gives. Module paths are the official ones.
// The up-sampling, officially a transposed convolution of kernel 2r whose last r steps are cut, is UpsampleConvolution with two taps: the present
// frame and the one before it.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioVaeDecoder : IWaveDecoder
{
    private const int EdgeKernel = 7;
    private readonly string path;

    public AudioVaeDecoder(ParameterScope scope, AudioVaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        path = scope.Path;
        Bucket = config.RateCondition?.BucketOf(config.OutputRate) ?? 0;
        var (layers, channels, latent) = (scope["model"], config.DecoderChannels(0), config.LatentDim);
        var causal = Padding.Causal(EdgeKernel);
        Enter = config.Depthwise
            ? [new Convolution(layers[0], latent, latent, EdgeKernel, causal, groups: latent), new Convolution(layers[1], latent, channels, 1, default)]
            : [new Convolution(layers[0], latent, channels, EdgeKernel, causal)];
        var first = config.FirstDecoderBlock;
        Blocks = [.. config.DecoderRates.Select((rate, i) => new AudioDecoderBlock(layers[first + i], scope["sr_cond_model"][first + i], config, i))];
        var last = first + Blocks.Count;
        var narrow = config.DecoderChannels(Blocks.Count);
        Snake = new AlphaSnake(layers[last], narrow);
        Leave = new Convolution(layers[last + 1], narrow, 1, EdgeKernel, causal);
    }

    public AudioVaeConfig Config { get; }

    /// <summary>The default row of the rate tables, that of the configured output rate.</summary>
    public int Bucket { get; }

    /// <summary>The first convolutions: a depthwise and a pointwise one, or a dense one.</summary>
    public IReadOnlyList<Convolution> Enter { get; }

    public IReadOnlyList<AudioDecoderBlock> Blocks { get; }

    public AlphaSnake Snake { get; }

    public Convolution Leave { get; }

    public int LookAhead => 0;

    public Tensor Forward(Tensor latents, DecoderState? stream = null) => Forward(latents, Bucket, stream);

    /// <param name="latents">[batch, frames, D].</param>
    /// <param name="bucket">Row of the rate tables.</param>
    /// <param name="stream">Null for whole signals.</param>
    /// <returns>[batch, frames * hop, 1].</returns>
    public Tensor Forward(Tensor latents, int bucket, DecoderState? stream = null)
    {
        ArgumentNullException.ThrowIfNull(latents);
        if (latents.Rank != 3 || latents[2] != Config.LatentDim)
            throw new ArgumentException($"Expected latents [batch, frames, {Config.LatentDim}], found {latents}.", nameof(latents));
        if (latents[1] == 0) return Tensor.Zeros(latents.Type, latents[0], 0, 1);
        var here = Module.Enter(path);
        var x = latents;
        foreach (var convolution in Enter) x = convolution.Forward(x, stream);                     // [batch, frames, channels]
        foreach (var block in Blocks) x = block.Forward(x, bucket, stream);                        // [batch, time * rate, channels / 2]
        return here.Output(Leave.Forward(Snake.Forward(x), stream).Tanh());                        // [batch, frames * hop, 1]
    }
}

public sealed class AudioDecoderBlock
{
    private readonly string path;

    public AudioDecoderBlock(ParameterScope scope, ParameterScope condition, AudioVaeConfig config, int number)
    {
        path = scope.Path;
        var (wide, narrow, layers) = (config.DecoderChannels(number), config.DecoderChannels(number + 1), scope["block"]);
        Condition = config.RateCondition is { } rates ? new RateCondition(condition, rates, wide) : null;
        Snake = new AlphaSnake(layers[0], wide);
        Up = new UpsampleConvolution(layers[1], wide, narrow, config.DecoderRates[number], taps: 2);
        Noise = config.NoiseBlock ? new AudioNoise(layers[2], narrow, (ulong)number) : null;
        var first = config.NoiseBlock ? 3 : 2;
        Units = [.. AudioResidualUnit.Dilations.Select((dilation, i) => new AudioResidualUnit(layers[first + i], narrow, dilation, config.Depthwise))];
    }

    public RateCondition? Condition { get; }

    public AlphaSnake Snake { get; }

    public UpsampleConvolution Up { get; }

    public AudioNoise? Noise { get; }

    public IReadOnlyList<AudioResidualUnit> Units { get; }

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time * rate, channels / 2].</returns>
    public Tensor Forward(Tensor x, int bucket, DecoderState? stream = null)
    {
        if (Condition is not null) x = Condition.Forward(x, bucket);
        var here = Module.Enter(path);
        x = Up.Forward(Snake.Forward(x), stream);
        if (Noise is not null) x = Noise.Forward(x, stream);
        foreach (var unit in Units) x = unit.Forward(x, stream);
        return here.Output(x);
    }
}
