// Snake at twice the rate (spec section 2): a nonlinearity makes overtones, and those above half the sample rate would fold back as noise. So: up by two
// (low-pass), Snake, low-pass, down by two. Both filters are the same 12 taps h, one per channel, zeros outside the signal (ours; BigVGAN repeats
// the border).
//   up     y[2t] = 2 sum over i of x[t-3+i] h[11-2i],  y[2t+1] = 2 sum over i of x[t-2+i] h[10-2i],  i = 0..5
//   down   z[t] = sum over i of h[i] snake(y)[2t-5+i],  i = 0..11

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class AntiAliasedSnake
{
    // Both phases of the up filter share one window of 7 steps, three on either side.
    private const int UpReach = 7;
    private const int UpSide = 3;
    private const int DownSide = (HalfBandFilter.Taps - 2) / 2;

    private readonly string path;
    private readonly int channels;
    private readonly Snake snake;
    private readonly Tensor even;               // [channels, 7, 1]
    private readonly Tensor odd;                // [channels, 7, 1]
    private readonly Tensor down;               // [channels, 12, 1]
    private readonly object downOwner = new();

    public AntiAliasedSnake(ParameterScope scope, int channels)
    {
        path = scope.Path + ".filtered";            // the Snake inside is at the path itself, as its slope is
        this.channels = channels;
        snake = new Snake(scope, channels);
        var h = HalfBandFilter.Create();
        even = PerChannel([.. Enumerable.Range(0, 6).Select(i => 2 * h[11 - (2 * i)]), 0]);
        odd = PerChannel([0, .. Enumerable.Range(0, 6).Select(i => 2 * h[10 - (2 * i)])]);
        down = PerChannel(h);

        Tensor PerChannel(double[] taps) =>
            Tensor.From(scope.Type, [.. Enumerable.Repeat(taps, channels).SelectMany(t => t)], channels, taps.Length, 1).Copy();
    }

    /// <summary>Steps that a stream waits for: 3 of the up filter, and the 5 half steps of the down filter, which begin the third step ahead.</summary>
    public static int LookAhead => UpSide + ((DownSide + 1) / 2);

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time, channels].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        var window = stream is null ? x.Pad(1, UpSide, UpSide) : stream.Window(this, x, UpSide, UpSide, UpReach);
        var steps = DecoderState.Outputs(window[1], UpReach, 1);
        var y = steps == 0
            ? Tensor.Zeros(x.Type, x[0], 0, channels)
            : Tensor.Concat(2, window.Convolve(even, groups: channels), window.Convolve(odd, groups: channels)).Reshape(x[0], 2 * steps, channels);
        y = snake.Forward(y);                                                                      // [batch, 2 time, channels]
        window = stream is null ? y.Pad(1, DownSide, DownSide) : stream.Window(downOwner, y, DownSide, DownSide, HalfBandFilter.Taps, stride: 2);
        return here.Output(DecoderState.Outputs(window[1], HalfBandFilter.Taps, 2) == 0
            ? Tensor.Zeros(x.Type, x[0], 0, channels)
            : window.Convolve(down, stride: 2, groups: channels));                                 // [batch, time, channels]
    }
}
