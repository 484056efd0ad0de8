// The paper's decoder (spec section 2; BigVGAN, Lee et al. 2023): learned up-sampling stages, each followed by AMP blocks, whose activations are Snake at
// twice the rate. Convolutions are causal except the first (ours), the filters inside activations are centred; residual paths wait for them.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class BigVganDecoder : IWaveDecoder
{
    private const int EdgeKernel = 7;

    // Speech has a root mean square near 0.1: a decoder that starts at unit variance spends its first steps on getting quiet.
    private const double FirstLoudness = 0.1;

    private readonly string path;
    private readonly Convolution enter;
    private readonly UpsampleConvolution[] ups;
    private readonly AmpBlock[][] blocks;
    private readonly AntiAliasedSnake snake;
    private readonly Convolution leave;

    public BigVganDecoder(ParameterScope scope, VaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        path = scope.Path;
        var c = config.BigVgan;
        var kernel = (2 * config.LookAhead) + 1;
        enter = new Convolution(scope["enter"], config.LatentDim, c.Channels[0], kernel, Padding.Centred(kernel));
        ups = new UpsampleConvolution[c.Upsample.Count];
        blocks = new AmpBlock[ups.Length][];
        for (var i = 0; i < ups.Length; i++)
        {
            var width = c.Channels[i + 1];
            var stage = scope["stages"][i];
            ups[i] = new UpsampleConvolution(stage["up"], c.Channels[i], width, c.Upsample[i]);
            blocks[i] = [.. c.Kernels.Select((k, n) => new AmpBlock(stage["blocks"][n], width, k, c.Dilations))];
        }

        snake = new AntiAliasedSnake(scope["snake"], c.Channels[^1]);
        var quiet = new Start.Normal(FirstLoudness / Math.Sqrt(EdgeKernel * c.Channels[^1]));
        leave = new Convolution(scope["leave"], c.Channels[^1], 1, EdgeKernel, Padding.Causal(EdgeKernel), start: quiet);

        // From the waveform back to the latents: steps waited for at one rate are a fraction of them, rounded up, at the slower one.
        var ahead = AntiAliasedSnake.LookAhead;
        for (var i = ups.Length - 1; i >= 0; i--)
        {
            ahead += AmpBlock.LookAhead(c.Dilations.Count);
            ahead = (ahead + c.Upsample[i] - 1) / c.Upsample[i];
        }

        LookAhead = enter.Right + ahead;
    }

    public int LookAhead { get; }

    public Tensor Forward(Tensor latents, DecoderState? stream = null)
    {
        ArgumentNullException.ThrowIfNull(latents);
        var here = Module.Enter(path);
        var x = enter.Forward(latents, stream);                                                    // [batch, frames, channels]
        for (var i = 0; i < ups.Length; i++)
        {
            x = ups[i].Forward(x, stream);                                                         // [batch, time * upsample, fewer channels]
            var sum = blocks[i][0].Forward(x, stream);
            foreach (var block in blocks[i][1..]) sum += block.Forward(x, stream);
            x = sum / blocks[i].Length;
        }

        return here.Output(leave.Forward(snake.Forward(x, stream), stream).Tanh());                // [batch, frames * hop, 1]
    }
}

/// <summary>Anti-aliased multi-periodicity block: for each dilation x + conv(snake(dilated conv(snake(x)))).</summary>
public sealed class AmpBlock
{
    private readonly string path;
    private readonly Unit[] units;

    public AmpBlock(ParameterScope scope, int channels, int kernel, IReadOnlyList<int> dilations)
    {
        path = scope.Path;
        units = [.. dilations.Select((d, i) => new Unit(scope["units"][i], channels, kernel, d))];
    }

    /// <summary>Steps that a stream waits for.</summary>
    public static int LookAhead(int dilations) => dilations * 2 * AntiAliasedSnake.LookAhead;

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time, channels].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        foreach (var unit in units) x = unit.Forward(x, stream);
        return here.Output(x);
    }

    private sealed class Unit(ParameterScope scope, int channels, int kernel, int dilation)
    {
        // Twelve units at full strength would double the variance twelve times; they start as small corrections of their input.
        private const double FirstGain = 0.3;

        private readonly string path = scope.Path;
        private readonly AntiAliasedSnake before = new(scope["snake_before"], channels);
        private readonly Convolution wide = new(scope["wide"], channels, channels, kernel, Padding.Causal(kernel, dilation), dilation: dilation);
        private readonly AntiAliasedSnake between = new(scope["snake_between"], channels);
        private readonly Convolution near =
            new(scope["near"], channels, channels, kernel, Padding.Causal(kernel), start: new Start.Normal(FirstGain / Math.Sqrt(kernel * channels)));

        public Tensor Forward(Tensor x, DecoderState? stream)
        {
            var here = Module.Enter(path);
            var y = near.Forward(between.Forward(wide.Forward(before.Forward(x, stream), stream), stream), stream);
            return here.Output((stream is null ? x : stream.Delay(this, x, y[1])) + y);
        }
    }
}
