// Snake at twice the rate with its two filters (Ditar.Reference/Vae/AntiAliasedSnake), in one pass over the signal and without the doubled signal in
// memory. For a vector of channels and a step t, six steps of x give the two doubled steps 2t + 5 and 2t + 6:
//   y[2t+5] = 2 sum over i of x[t+i] h[10-2i],  y[2t+6] = 2 sum over i of x[t+i] h[11-2i],  i = 0..5
// Snake of both goes to the six outputs that hear them, z[t] .. z[t+5], as taps 10, 8, .. 0 and 11, 9, .. 1. Six partial sums in registers, of which
// z[t] is then finished: each output is one chain over its twelve taps in order.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>z[t] for steps from..to of a signal of <c>length</c> steps.</summary>
/// <param name="x">Step 0 of x. Steps from-5 .. to+4 are read; outside the signal they hold zeros.</param>
/// <param name="pitch">Elements of a step, of x and z.</param>
/// <param name="taps">[12] of the filter.</param>
/// <param name="length">Steps of the signal; <see cref="long.MaxValue"/> while it goes on.</param>
/// <param name="z">Step 0 of z.</param>
internal readonly unsafe struct AntiAliasedSnakeParts(
    float* x, int pitch, float* slopes, float* inverses, float* taps, long from, long to, long length, float* z, int parts) : IVectorParts
{
    public const int Back = 5;
    public const int Ahead = 5;

    // Each part of a split by time makes 5 steps twice.
    private const int LeastSteps = 64;

    /// <summary>Multiply-adds of a value, about.</summary>
    public const int Work = 50;

    public void Run<TWidth, TVector>(int part)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var vectors = pitch / TWidth.Count;
        if (to - from >= LeastSteps * parts)
        {
            var first = from + ((to - from) * part / parts);
            var last = from + ((to - from) * (part + 1) / parts);
            for (var v = 0; v < vectors; v++)
                Steps<TWidth, TVector>(v * TWidth.Count, first, last);
        }
        else
        {
            for (var v = vectors * part / parts; v < vectors * (part + 1) / parts; v++)
                Steps<TWidth, TVector>(v * TWidth.Count, from, to);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Steps<TWidth, TVector>(int channel, long first, long last)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        // For step 2t+5 of the doubled signal, in the order of x; for 2t+6 the same filter has the other taps.
        var two = TWidth.Broadcast(2);
        var h0 = TWidth.Broadcast(taps[0]);
        var h1 = TWidth.Broadcast(taps[1]);
        var h2 = TWidth.Broadcast(taps[2]);
        var h3 = TWidth.Broadcast(taps[3]);
        var h4 = TWidth.Broadcast(taps[4]);
        var h5 = TWidth.Broadcast(taps[5]);
        var h6 = TWidth.Broadcast(taps[6]);
        var h7 = TWidth.Broadcast(taps[7]);
        var h8 = TWidth.Broadcast(taps[8]);
        var h9 = TWidth.Broadcast(taps[9]);
        var h10 = TWidth.Broadcast(taps[10]);
        var h11 = TWidth.Broadcast(taps[11]);
        var slope = TWidth.Load(slopes + channel);
        var inverse = TWidth.Load(inverses + channel);
        TVector z0 = TWidth.Zero, z1 = z0, z2 = z0, z3 = z0, z4 = z0, z5 = z0;

        // The doubled signal begins at step 0 = 2t + 6 with t = -3 and ends at 2 length - 1 = 2t + 5 with t = length - 3; beyond there is nothing,
        // which is not the filters' answer to zeros.
        var t = Math.Max(first - Back, -3);
        var source = x + ((nint)t * pitch) + channel;
        for (; t < last; t++, source += pitch)
        {
            if (t < length - 2)
            {
                var x0 = TWidth.Load(source);
                var x1 = TWidth.Load(source + pitch);
                var x2 = TWidth.Load(source + (2 * (nint)pitch));
                var x3 = TWidth.Load(source + (3 * (nint)pitch));
                var x4 = TWidth.Load(source + (4 * (nint)pitch));
                var x5 = TWidth.Load(source + (5 * (nint)pitch));
                var odd = TWidth.Multiply(x0, h10);
                var even = TWidth.Multiply(x0, h11);
                odd = TWidth.MultiplyAdd(x1, h8, odd);
                even = TWidth.MultiplyAdd(x1, h9, even);
                odd = TWidth.MultiplyAdd(x2, h6, odd);
                even = TWidth.MultiplyAdd(x2, h7, even);
                odd = TWidth.MultiplyAdd(x3, h4, odd);
                even = TWidth.MultiplyAdd(x3, h5, even);
                odd = TWidth.MultiplyAdd(x4, h2, odd);
                even = TWidth.MultiplyAdd(x4, h3, even);
                odd = TWidth.Multiply(two, TWidth.MultiplyAdd(x5, h0, odd));
                even = TWidth.Multiply(two, TWidth.MultiplyAdd(x5, h1, even));
                odd = SnakeValues.Invoke<TWidth, TVector>(odd, slope, inverse);
                even = SnakeValues.Invoke<TWidth, TVector>(even, slope, inverse);
                if (t < -2)
                    odd = TWidth.Zero;
                if (t >= length - 3)
                    even = TWidth.Zero;
                z0 = TWidth.MultiplyAdd(even, h11, TWidth.MultiplyAdd(odd, h10, z0));
                z1 = TWidth.MultiplyAdd(even, h9, TWidth.MultiplyAdd(odd, h8, z1));
                z2 = TWidth.MultiplyAdd(even, h7, TWidth.MultiplyAdd(odd, h6, z2));
                z3 = TWidth.MultiplyAdd(even, h5, TWidth.MultiplyAdd(odd, h4, z3));
                z4 = TWidth.MultiplyAdd(even, h3, TWidth.MultiplyAdd(odd, h2, z4));
                z5 = TWidth.MultiplyAdd(even, h1, TWidth.MultiplyAdd(odd, h0, z5));
            }

            if (t >= first)
                TWidth.Store(z0, z + ((nint)t * pitch) + channel);
            (z0, z1, z2, z3, z4, z5) = (z1, z2, z3, z4, z5, TWidth.Zero);
        }
    }
}
