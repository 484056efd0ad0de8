// Latents to log-magnitudes and phases to waveform (ours beside the paper's BigVGAN; after Vocos, Siuzdak 2023): no layer runs at the sample rate,
// which makes it cheap to train and to run. Everything after the first convolution is causal (ours), so a sample waits for LookAhead latents and for
// the spectral frames that overlap it.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class InverseStftDecoder : IWaveDecoder
{
    // exp(5) = 148 is the magnitude of a full-scale sine under a 400-point Hann window (400/4) and half as much again.
    private const double HighestLogMagnitude = 5;
    private const double NormEpsilon = 1e-6;

    private readonly string path;
    private readonly Convolution enter;
    private readonly ConvNeXtBlock[] latentBlocks;
    private readonly UpsampleConvolution up;
    private readonly ConvNeXtBlock[] frameBlocks;
    private readonly LayerNorm norm;
    private readonly Linear head;
    private readonly InverseStft transform;

    public InverseStftDecoder(ParameterScope scope, VaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        path = scope.Path;
        var c = config.InverseStft;
        var kernel = (2 * config.LookAhead) + 1;
        enter = new Convolution(scope["enter"], config.LatentDim, c.Width, kernel, Padding.Centred(kernel));
        latentBlocks = [.. Enumerable.Range(0, c.LatentBlocks).Select(i => new ConvNeXtBlock(scope["latent_blocks"][i], c.Width, c.Hidden, c.Kernel))];
        up = new UpsampleConvolution(scope["up"], c.Width, c.Width, c.Upsample);
        frameBlocks = [.. Enumerable.Range(0, c.FrameBlocks).Select(i => new ConvNeXtBlock(scope["frame_blocks"][i], c.Width, c.Hidden, c.Kernel))];
        norm = new LayerNorm(scope["norm"], c.Width, NormEpsilon);
        transform = new InverseStft(scope.Type, c.Window, config.Hop / c.Upsample);
        head = new Linear(scope["head"], c.Width, 2 * transform.Bins);

        // The last sample of latent t is covered by frames up to (its own last) + ceil(overlap / hop of a frame).
        var frameHop = config.Hop / c.Upsample;
        var framesAhead = ((c.Window - frameHop) / 2 + frameHop - 1) / frameHop;
        LookAhead = enter.Right + ((framesAhead + c.Upsample - 1) / c.Upsample);
    }

    public int LookAhead { get; }

    public Tensor Forward(Tensor latents, DecoderState? stream = null)
    {
        ArgumentNullException.ThrowIfNull(latents);
        var here = Module.Enter(path);
        var x = enter.Forward(latents, stream);                                                    // [batch, frames, width]
        foreach (var block in latentBlocks) x = block.Forward(x, stream);
        x = up.Forward(x, stream);                                                                 // [batch, frames * upsample, width]
        foreach (var block in frameBlocks) x = block.Forward(x, stream);
        var both = head.Forward(norm.Forward(x));                                                  // [batch, frames * upsample, 2 * bins]
        var bins = transform.Bins;
        var magnitude = both.Slice(2, 0, bins).Clamp(double.NegativeInfinity, HighestLogMagnitude).Exp();
        var phase = both.Slice(2, bins, bins);
        return here.Output(transform.Forward(Tensor.Concat(2, magnitude * phase.Cos(), magnitude * phase.Sin()), stream));
    }
}
