// VoxCPM's encoder: blocks of three dilated residual units, Snake and a strided convolution of kernel 2s, all causal. The latent is the posterior's mean
// as it is; the head for its variance (fc_logvar) exists in the files and is never used.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioVaeEncoder
{
    private const int EdgeKernel = 7;
    private const int MeanKernel = 3;
    private readonly string path;
    private readonly int hop;

    public AudioVaeEncoder(ParameterScope scope, AudioVaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        path = scope.Path;
        hop = config.EncoderHop;
        var layers = scope["block"];
        Enter = new Convolution(layers[0], 1, config.EncoderDim, EdgeKernel, Padding.Causal(EdgeKernel));
        Blocks = [.. config.EncoderRates.Select((_, i) => new AudioEncoderBlock(layers[1 + i], config, i))];
        Mean = new Convolution(scope["fc_mu"], config.EncoderChannels(Blocks.Count), config.LatentDim, MeanKernel, Padding.Causal(MeanKernel));
    }

    public Convolution Enter { get; }

    public IReadOnlyList<AudioEncoderBlock> Blocks { get; }

    public Convolution Mean { get; }

    /// <param name="audio">[batch, time, 1], -1..1; time is a multiple of the hop.</param>
    /// <returns>[batch, time / hop, D].</returns>
    /// <exception cref="ArgumentException">Another shape or length.</exception>
    public Tensor Forward(Tensor audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (audio.Rank != 3 || audio[2] != 1 || audio[1] == 0 || audio[1] % hop != 0)
            throw new ArgumentException($"Expected audio [batch, a multiple of {hop} samples, 1], found {audio}.", nameof(audio));
        var here = Module.Enter(path);
        var x = Enter.Forward(audio);                                                              // [batch, time, encoder_dim]
        foreach (var block in Blocks) x = block.Forward(x);                                        // [batch, time / stride, channels * 2]
        return here.Output(Mean.Forward(x));                                                       // [batch, time / hop, D]
    }
}

public sealed class AudioEncoderBlock
{
    private readonly string path;

    public AudioEncoderBlock(ParameterScope scope, AudioVaeConfig config, int number)
    {
        path = scope.Path;
        var (layers, channels, stride) = (scope["block"], config.EncoderChannels(number), config.EncoderRates[number]);
        var left = config.EvenPadding ? stride + (stride % 2) : stride;
        Units = [.. AudioResidualUnit.Dilations.Select((dilation, i) => new AudioResidualUnit(layers[i], channels, dilation, config.Depthwise))];
        Snake = new AlphaSnake(layers[Units.Count], channels);
        Down = new Convolution(layers[Units.Count + 1], channels, 2 * channels, 2 * stride, new Padding(left, 0), stride);
    }

    public IReadOnlyList<AudioResidualUnit> Units { get; }

    public AlphaSnake Snake { get; }

    public Convolution Down { get; }

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time / stride, 2 * channels].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        foreach (var unit in Units) x = unit.Forward(x);
        return here.Output(Down.Forward(Snake.Forward(x)));
    }
}
