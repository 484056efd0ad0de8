// Snake's slopes and their reciprocals, laid out for vectors, and a scale and shift per channel before it where a model has them (VoxCPM2's rate
// condition). Channels that padding adds get slope 1 and no shift: Snake of 0 stays 0.

namespace Ditar.Simd;

internal sealed unsafe class SnakeSlopes : IDisposable
{
    private readonly ChannelValues _slopes;
    private readonly ChannelValues _inverses;
    private readonly ChannelValues? _scales, _shifts;

    /// <param name="slopes">[channels].</param>
    /// <param name="repeats">Steps that lie side by side in a row of the columns it is applied to.</param>
    /// <param name="condition">Scale and shift, [channels] each; null for none.</param>
    public SnakeSlopes(float[] slopes, int repeats = 1, (float[] Scale, float[] Shift)? condition = null)
    {
        _slopes = new ChannelValues(slopes, slopes.Length, 1, repeats);
        _inverses = new ChannelValues(Array.ConvertAll(slopes, slope => 1 / slope), slopes.Length, 1, repeats);
        if (condition is not var (scale, shift))
            return;
        _scales = new ChannelValues(scale, slopes.Length, 0, repeats);
        _shifts = new ChannelValues(shift, slopes.Length, 0, repeats);
    }

    public float* Slopes => _slopes.Values;

    public float* Inverses => _inverses.Values;

    public SnakeFinish InPlace => Beside(null, 0);

    /// <summary>Into another signal, whose step 0 of this call is at <paramref name="target"/>.</summary>
    public SnakeFinish Beside(float* target, nint rowStride) =>
        new(Slopes, Inverses, target, rowStride, _scales is null ? null : _scales.Values, _shifts is null ? null : _shifts.Values);

    public SnakeStep Step => new(Slopes, Inverses);

    public void Dispose()
    {
        _slopes.Dispose();
        _inverses.Dispose();
        _scales?.Dispose();
        _shifts?.Dispose();
    }
}
