// Waveform to the parameters of the posterior (spec section 2; sizes from VaeConfig). Stage = strided convolution, two residual units, Snake.
// Padding is centred (ours): a prompt is always whole when it is encoded, so the encoder may look both ways; latent t is centred on samples
// hop*t .. hop*(t+1).

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class VaeEncoder
{
    // Limits of the log-variance: below -10 the posterior is a point, above 4 it forgets its input.
    private const double LowestLogVariance = -10;
    private const double HighestLogVariance = 4;

    private readonly string path;
    private readonly Stage[] stages;
    private readonly Convolution head;
    private readonly int hop;

    public VaeEncoder(ParameterScope scope, VaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        path = scope.Path;
        hop = config.Hop;
        stages = new Stage[config.Strides.Count];
        for (var i = 0; i < stages.Length; i++)
            stages[i] = new Stage(scope["stages"][i], i == 0 ? 1 : config.Channels[i - 1], config.Channels[i], config.Strides[i]);
        head = new Convolution(scope["head"], config.Channels[^1], 2 * config.LatentDim, 3, Padding.Centred(3));
    }

    /// <param name="audio">[batch, time, 1], -1..1; time is a multiple of the hop.</param>
    /// <returns>Mean and log-variance, each [batch, time / hop, D].</returns>
    /// <exception cref="ArgumentException">Another shape or length.</exception>
    public Posterior Forward(Tensor audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (audio.Rank != 3 || audio[2] != 1 || audio[1] == 0 || audio[1] % hop != 0)
            throw new ArgumentException($"Expected audio [batch, a multiple of {hop} samples, 1], found {audio}.", nameof(audio));
        var here = Module.Enter(path);
        var x = audio;
        foreach (var stage in stages) x = stage.Forward(x);                                        // [batch, time / hop, channels]
        var both = head.Forward(x);                                                                // [batch, time / hop, 2 D]
        var d = both[2] / 2;
        return new Posterior(here.Output(both.Slice(2, 0, d)), both.Slice(2, d, d).Clamp(LowestLogVariance, HighestLogVariance));
    }

    // Kernels of two strides (plus one where that centres the window): 11 for 5, 8 for 4.
    private static int KernelFor(int stride) => (2 * stride) + (stride % 2);

    private sealed class Stage(ParameterScope scope, int inputs, int channels, int stride)
    {
        private readonly string path = scope.Path;
        private readonly Convolution down =
            new(scope["down"], inputs, channels, KernelFor(stride), Padding.Centred(KernelFor(stride), stride: stride), stride);
        private readonly ResidualUnit[] units = [new(scope["units"][0], channels, 1), new(scope["units"][1], channels, 3)];
        private readonly Snake snake = new(scope["snake"], channels);

        public Tensor Forward(Tensor x)
        {
            var here = Module.Enter(path);
            x = down.Forward(x);                                                                   // [batch, time / stride, channels]
            foreach (var unit in units) x = unit.Forward(x);
            return here.Output(snake.Forward(x));
        }
    }

    // x + f(x), f = Snake, kernel 3 (dilation 1 in the first unit, 3 in the second), Snake, kernel 1.
    private sealed class ResidualUnit(ParameterScope scope, int channels, int dilation)
    {
        private readonly string path = scope.Path;
        private readonly Snake before = new(scope["snake_before"], channels);
        private readonly Convolution wide = new(scope["wide"], channels, channels, 3, Padding.Centred(3, dilation), dilation: dilation);
        private readonly Snake between = new(scope["snake_between"], channels);
        private readonly Convolution point = new(scope["point"], channels, channels, 1, default);

        public Tensor Forward(Tensor x)
        {
            var here = Module.Enter(path);
            return here.Output(x + point.Forward(between.Forward(wide.Forward(before.Forward(x)))));
        }
    }
}
