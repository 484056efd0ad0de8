// Rotary positions on interleaved pairs: (e, o) -> (e c - o s, e s + o c). As vectors: y = x * [c c c c ...] + swapped(x) * [-s s -s s ...],
// where swapped exchanges the two of each pair. The two patterns depend on the time step only; they are laid out once per call and serve
// every batch item and head.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>x and y [batch, time, heads, headDim], cosine and sine [time, headDim / 2]; y may be x.</summary>
internal readonly unsafe struct RotateWork(
    int batch, int time, int heads, int headDim, bool inverse, float* x, float* cosine, float* sine, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (n, w) = (headDim, TWidth.Count);
        var angles = (nint)time * n;
        var cosines = Scratch.OfThread.Pattern(2 * (nuint)angles);
        var sines = cosines + angles;
        for (nint i = 0; i < angles / 2; i++)
        {
            var s = inverse ? -sine[i] : sine[i];
            cosines[2 * i] = cosines[(2 * i) + 1] = cosine[i];
            sines[2 * i] = -s;
            sines[(2 * i) + 1] = s;
        }

        float* px = x, py = y;
        for (var b = 0; b < batch; b++)
        {
            for (nint t = 0; t < angles; t += n)
            {
                for (var h = 0; h < heads; h++, px += n, py += n)
                {
                    nint i = 0;
                    for (; i <= n - w; i += w)
                    {
                        var value = TWidth.Load(px + i);
                        var turned = TWidth.Multiply(TWidth.SwapPairs(value), TWidth.Load(sines + t + i));
                        TWidth.Store(TWidth.MultiplyAdd(value, TWidth.Load(cosines + t + i), turned), py + i);
                    }

                    if (i < n)
                    {
                        // headDim is even, so no pair is cut.
                        var count = (int)(n - i);
                        var value = Partial.Load<TWidth, TVector>(px + i, count);
                        var turned = TWidth.Multiply(TWidth.SwapPairs(value), Partial.Load<TWidth, TVector>(sines + t + i, count));
                        value = TWidth.MultiplyAdd(value, Partial.Load<TWidth, TVector>(cosines + t + i, count), turned);
                        Partial.Store<TWidth, TVector>(value, py + i, count);
                    }
                }
            }
        }
    }
}
