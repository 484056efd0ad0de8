// How far a decoder looks: which latents shape the samples of one latent. A graph has no memory, so a stream decodes a window of latents again with every
// piece; with this much on either side the samples in the middle are those of a whole decode. Counted layer by layer from the waveform back to the latents,
// never too small: a step of a fast rate is a fraction of a slower one's, rounded up.

using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

/// <param name="Back">Latents before a latent that its samples depend on.</param>
/// <param name="Ahead">Latents after it.</param>
internal readonly record struct DecoderReach(int Back, int Ahead)
{
    // The causal convolution of every up-sampling layer has three taps.
    private const int UpsampleBack = 2;

    public static DecoderReach Of(VaeConfig config)
    {
        var (back, ahead) = config.Decoder == VaeConfig.InverseStftKind ? InverseStft(config) : BigVgan(config.BigVgan);
        // The first convolution is centred over 2 * LookAhead + 1 latents.
        return new DecoderReach(back + config.LookAhead, ahead + config.LookAhead);
    }

    /// <summary>VoxCPM's: everything is causal.</summary>
    public static DecoderReach Of(AudioVaeConfig config)
    {
        // The first and the last convolution have 7 taps, as have those in the dilated units; up-sampling sees a frame and the one before it.
        const int Taps = 7, UpBack = 1;
        var back = Taps - 1;
        for (var block = config.DecoderRates.Count - 1; block >= 0; block--)
            back = Up(back + AudioResidualUnit.Dilations.Sum(dilation => (Taps - 1) * dilation), config.DecoderRates[block]) + UpBack;
        return new DecoderReach(back + Taps - 1, 0);
    }

    private static (int Back, int Ahead) InverseStft(VaeConfig config)
    {
        var c = config.InverseStft;
        var hop = config.Hop / c.Upsample;
        // Frames that overlap a frame's own samples, on either side.
        var overlapping = Up((c.Window - hop) / 2, hop);
        var frames = overlapping + (c.FrameBlocks * (c.Kernel - 1));
        return (Up(frames, c.Upsample) + UpsampleBack + (c.LatentBlocks * (c.Kernel - 1)), Up(overlapping, c.Upsample));
    }

    private static (int Back, int Ahead) BigVgan(BigVganConfig c)
    {
        // The last convolution has 7 causal taps; an anti-aliased activation looks as far back as ahead.
        const int LastBack = 6;
        var snake = AntiAliasedSnake.LookAhead;
        var (back, ahead) = (LastBack + snake, snake);
        for (var stage = c.Upsample.Count - 1; stage >= 0; stage--)
        {
            // The longest of the parallel blocks: for each dilation two activations, a dilated and a plain causal convolution.
            back += c.Kernels.Max(kernel => c.Dilations.Sum(dilation => (2 * snake) + ((kernel - 1) * (dilation + 1))));
            ahead += c.Dilations.Count * 2 * snake;
            back = Up(back, c.Upsample[stage]) + UpsampleBack;
            ahead = Up(ahead, c.Upsample[stage]);
        }

        return (back, ahead);
    }

    private static int Up(int steps, int rate) => (steps + rate - 1) / rate;
}
