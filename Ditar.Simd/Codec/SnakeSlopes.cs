// Snake's slopes and their reciprocals, laid out for vectors. Channels that padding adds get slope 1: Snake of 0 stays 0.

namespace Ditar.Simd;

internal sealed unsafe class SnakeSlopes : IDisposable
{
    private readonly ChannelValues _slopes;
    private readonly ChannelValues _inverses;

    /// <param name="slopes">[channels].</param>
    /// <param name="offset">Added to a slope before it is inverted (VoxCPM: 1e-9).</param>
    /// <param name="repeats">Steps that lie side by side in a row of the columns it is applied to.</param>
    public SnakeSlopes(float[] slopes, double offset = 0, int repeats = 1)
    {
        _slopes = new ChannelValues(slopes, slopes.Length, 1, repeats);
        _inverses = new ChannelValues(Array.ConvertAll(slopes, slope => (float)(1 / (slope + offset))), slopes.Length, 1, repeats);
    }

    public float* Slopes => _slopes.Values;

    public float* Inverses => _inverses.Values;

    public long Bytes => _slopes.Bytes + _inverses.Bytes;

    public SnakeFinish InPlace => new(Slopes, Inverses);

    /// <summary>Into another signal, whose step 0 of this call is at <paramref name="target"/>.</summary>
    public SnakeFinish Beside(float* target, nint rowStride) => new(Slopes, Inverses, target, rowStride);

    public SnakeStep Step => new(Slopes, Inverses);

    public void Dispose()
    {
        _slopes.Dispose();
        _inverses.Dispose();
    }
}
