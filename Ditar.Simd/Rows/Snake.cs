// Snake, y = x + sin^2(alpha x) / alpha with one alpha per channel, forward and backward, channels last.
// Channel counts such as 24 are no multiple of a vector. So the slopes are laid out once as a pattern that repeats every
// lcm(channels, lanes) values, and x is walked as one flat array: no row has a remainder, only the end of the array has.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class ChannelPattern
{
    /// <summary>Values until channels and lanes both start again.</summary>
    public static int Length<TWidth, TVector>(int channels)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        // Lanes are a power of two: channels times what it lacks of that power.
        var shared = Math.Min(channels & -channels, TWidth.Count);
        return checked(channels * (TWidth.Count / shared));
    }

    /// <summary>values[i % channels] for i below length.</summary>
    public static void Fill(float* values, int channels, int length, float* pattern)
    {
        for (var i = 0; i < length; i++)
            pattern[i] = values[i % channels];
    }
}

/// <summary>y may be x.</summary>
internal readonly unsafe struct SnakeWork(int rows, int channels, float* x, float* alpha, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var period = ChannelPattern.Length<TWidth, TVector>(channels);
        var slopes = Scratch.OfThread.Pattern(2 * (nuint)period);
        var inverses = slopes + period;
        ChannelPattern.Fill(alpha, channels, period, slopes);
        for (var i = 0; i < period; i++)
            inverses[i] = 1 / slopes[i];

        float* px = x, py = y;
        var n = (nint)rows * channels;
        while (n > 0)
        {
            var stretch = Math.Min(n, period);
            nint i = 0;
            for (; i <= stretch - w; i += w)
                TWidth.Store(Invoke<TWidth, TVector>(TWidth.Load(px + i), TWidth.Load(slopes + i), TWidth.Load(inverses + i)), py + i);
            if (i < stretch)
            {
                var last = Partial.Load<TWidth, TVector>(px + i, (int)(stretch - i));
                last = Invoke<TWidth, TVector>(last, TWidth.Load(slopes + i), TWidth.Load(inverses + i));
                Partial.Store<TWidth, TVector>(last, py + i, (int)(stretch - i));
            }

            px += stretch;
            py += stretch;
            n -= stretch;
        }
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Invoke<TWidth, TVector>(TVector x, TVector alpha, TVector inverse)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.MultiplyAdd(VectorMath.SineSquared<TWidth, TVector>(TWidth.Multiply(x, alpha), out _), inverse, x);
}

/// <summary>dx = dy (1 + sin(2 alpha x)); dalpha += sum of dy (x sin(2 alpha x) / alpha - sin^2(alpha x) / alpha^2). dx may be x or dy.</summary>
internal readonly unsafe struct SnakeGradientWork(int rows, int channels, float* x, float* alpha, float* dy, float* dx, float* dalpha) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var period = ChannelPattern.Length<TWidth, TVector>(channels);
        var slopes = Scratch.OfThread.Pattern(3 * (nuint)period);
        var inverses = slopes + period;
        var sums = inverses + period;
        ChannelPattern.Fill(alpha, channels, period, slopes);
        for (var i = 0; i < period; i++)
        {
            inverses[i] = 1 / slopes[i];
            sums[i] = 0;
        }

        float* px = x, pdy = dy, pdx = dx;
        var n = (nint)rows * channels;
        while (n > 0)
        {
            var stretch = Math.Min(n, period);
            nint i = 0;
            for (; i <= stretch - w; i += w)
            {
                var result = Invoke<TWidth, TVector>(TWidth.Load(px + i), TWidth.Load(pdy + i), slopes + i, inverses + i, sums + i);
                TWidth.Store(result, pdx + i);
            }

            if (i < stretch)
            {
                // Padded lanes have dy = 0 and add nothing.
                var count = (int)(stretch - i);
                var result = Invoke<TWidth, TVector>(
                    Partial.Load<TWidth, TVector>(px + i, count), Partial.Load<TWidth, TVector>(pdy + i, count), slopes + i, inverses + i, sums + i);
                Partial.Store<TWidth, TVector>(result, pdx + i, count);
            }

            px += stretch;
            pdy += stretch;
            pdx += stretch;
            n -= stretch;
        }

        for (var i = 0; i < period; i++)
            dalpha[i % channels] += sums[i];
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Invoke<TWidth, TVector>(TVector x, TVector dy, float* slope, float* inverse, float* sum)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var overAlpha = TWidth.Load(inverse);
        var square = VectorMath.SineSquared<TWidth, TVector>(TWidth.Multiply(x, TWidth.Load(slope)), out var doubled);
        // x sin(2 a x) / a - sin^2(a x) / a^2 = (x sin(2 a x) - sin^2(a x) / a) / a
        var change = TWidth.Multiply(TWidth.Subtract(TWidth.Multiply(x, doubled), TWidth.Multiply(square, overAlpha)), overAlpha);
        TWidth.Store(TWidth.MultiplyAdd(dy, change, TWidth.Load(sum)), sum);
        return TWidth.MultiplyAdd(dy, doubled, dy);
    }
}
