// Root-mean-square norm over rows, forward and backward. Each row is read twice, the second time from the first-level cache.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>inverse[row] = 1 / sqrt(mean(x^2) + epsilon); y = x * inverse * gain. y may be x.</summary>
internal readonly unsafe struct RmsNormWork(int rows, int width, float epsilon, float* x, float* gain, float* y, float* inverse) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y, pg = gain;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, px += n, py += n)
        {
            TVector even = TWidth.Zero, odd = even;
            nint i = 0;
            for (; i <= n - (2 * w); i += 2 * w)
            {
                var (first, second) = (TWidth.Load(px + i), TWidth.Load(px + i + w));
                even = TWidth.MultiplyAdd(first, first, even);
                odd = TWidth.MultiplyAdd(second, second, odd);
            }

            for (; i < n; i += w)
            {
                var last = Partial.Load<TWidth, TVector>(px + i, (int)Math.Min(w, n - i));
                even = TWidth.MultiplyAdd(last, last, even);
            }

            var scale = 1 / MathF.Sqrt((TWidth.Sum(TWidth.Add(even, odd)) / n) + epsilon);
            inverse[row] = scale;
            var factor = TWidth.Broadcast(scale);
            for (i = 0; i <= n - w; i += w)
                TWidth.Store(TWidth.Multiply(TWidth.Multiply(TWidth.Load(px + i), factor), TWidth.Load(pg + i)), py + i);
            if (i < n)
            {
                var count = (int)(n - i);
                var last = TWidth.Multiply(Partial.Load<TWidth, TVector>(px + i, count), factor);
                Partial.Store<TWidth, TVector>(TWidth.Multiply(last, Partial.Load<TWidth, TVector>(pg + i, count)), py + i, count);
            }
        }
    }
}

/// <summary>With n = x inverse and g = dy gain: dx = inverse (g - n mean(g n)), dgain += dy n. dx may be x or dy.</summary>
internal readonly unsafe struct RmsNormGradientWork(
    int rows, int width, float* x, float* gain, float* inverse, float* dy, float* dx, float* dgain) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, pg = gain, pdy = dy, pdx = dx, pdg = dgain;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, px += n, pdy += n, pdx += n)
        {
            TVector even = TWidth.Zero, odd = even;
            nint i = 0;
            for (; i <= n - (2 * w); i += 2 * w)
            {
                even = TWidth.MultiplyAdd(TWidth.Multiply(TWidth.Load(pdy + i), TWidth.Load(pg + i)), TWidth.Load(px + i), even);
                odd = TWidth.MultiplyAdd(TWidth.Multiply(TWidth.Load(pdy + i + w), TWidth.Load(pg + i + w)), TWidth.Load(px + i + w), odd);
            }

            for (; i < n; i += w)
            {
                var count = (int)Math.Min(w, n - i);
                var g = TWidth.Multiply(Partial.Load<TWidth, TVector>(pdy + i, count), Partial.Load<TWidth, TVector>(pg + i, count));
                even = TWidth.MultiplyAdd(g, Partial.Load<TWidth, TVector>(px + i, count), even);
            }

            var scale = TWidth.Broadcast(inverse[row]);
            var mean = TWidth.Broadcast(TWidth.Sum(TWidth.Add(even, odd)) * inverse[row] / n);
            for (i = 0; i <= n - w; i += w)
            {
                var (value, upstream) = (TWidth.Load(px + i), TWidth.Load(pdy + i));
                TWidth.Store(TWidth.MultiplyAdd(upstream, TWidth.Multiply(value, scale), TWidth.Load(pdg + i)), pdg + i);
                TWidth.Store(Input<TWidth, TVector>(value, upstream, TWidth.Load(pg + i), scale, mean), pdx + i);
            }

            if (i < n)
            {
                var count = (int)(n - i);
                var (value, upstream) = (Partial.Load<TWidth, TVector>(px + i, count), Partial.Load<TWidth, TVector>(pdy + i, count));
                var sum = TWidth.MultiplyAdd(upstream, TWidth.Multiply(value, scale), Partial.Load<TWidth, TVector>(pdg + i, count));
                Partial.Store<TWidth, TVector>(sum, pdg + i, count);
                var result = Input<TWidth, TVector>(value, upstream, Partial.Load<TWidth, TVector>(pg + i, count), scale, mean);
                Partial.Store<TWidth, TVector>(result, pdx + i, count);
            }
        }
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Input<TWidth, TVector>(TVector x, TVector dy, TVector gain, TVector inverse, TVector mean)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var n = TWidth.Multiply(x, inverse);
        return TWidth.Multiply(inverse, TWidth.Subtract(TWidth.Multiply(dy, gain), TWidth.Multiply(n, mean)));
    }
}
