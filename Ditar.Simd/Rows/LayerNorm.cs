// Layer norm over rows, forward and backward. The variance is taken around the mean in a second pass: the one-pass form cancels.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>y = (x - mean) * inverse * gain + bias, inverse = 1 / sqrt(variance + epsilon). y may be x.</summary>
internal readonly unsafe struct LayerNormWork(
    int rows, int width, float epsilon, float* x, float* gain, float* bias, float* y, float* mean, float* inverse) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y, pg = gain, pb = bias;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, px += n, py += n)
        {
            var sum = TWidth.Zero;
            nint i = 0;
            for (; i <= n - w; i += w)
                sum = TWidth.Add(sum, TWidth.Load(px + i));
            if (i < n)
                sum = TWidth.Add(sum, Partial.Load<TWidth, TVector>(px + i, (int)(n - i)));
            var centre = TWidth.Sum(sum) / n;
            var middle = TWidth.Broadcast(centre);

            sum = TWidth.Zero;
            for (i = 0; i <= n - w; i += w)
            {
                var away = TWidth.Subtract(TWidth.Load(px + i), middle);
                sum = TWidth.MultiplyAdd(away, away, sum);
            }

            if (i < n)
            {
                // The lanes that do not exist hold the mean, so they are at distance 0.
                var away = TWidth.Subtract(Partial.Load<TWidth, TVector>(px + i, (int)(n - i), centre), middle);
                sum = TWidth.MultiplyAdd(away, away, sum);
            }

            var scale = 1 / MathF.Sqrt((TWidth.Sum(sum) / n) + epsilon);
            mean[row] = centre;
            inverse[row] = scale;
            var factor = TWidth.Broadcast(scale);
            for (i = 0; i <= n - w; i += w)
            {
                var normal = TWidth.Multiply(TWidth.Subtract(TWidth.Load(px + i), middle), factor);
                TWidth.Store(TWidth.MultiplyAdd(normal, TWidth.Load(pg + i), TWidth.Load(pb + i)), py + i);
            }

            if (i < n)
            {
                var count = (int)(n - i);
                var normal = TWidth.Multiply(TWidth.Subtract(Partial.Load<TWidth, TVector>(px + i, count), middle), factor);
                var value = TWidth.MultiplyAdd(normal, Partial.Load<TWidth, TVector>(pg + i, count), Partial.Load<TWidth, TVector>(pb + i, count));
                Partial.Store<TWidth, TVector>(value, py + i, count);
            }
        }
    }
}

/// <summary>
/// With n = (x - mean) inverse and g = dy gain: dx = inverse (g - mean(g) - n mean(g n)), dgain += dy n, dbias += dy. dx may be x or dy.
/// </summary>
internal readonly unsafe struct LayerNormGradientWork(
    int rows, int width, float* x, float* gain, float* mean, float* inverse, float* dy, float* dx, float* dgain, float* dbias) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, pg = gain, pdy = dy, pdx = dx, pdg = dgain, pdb = dbias;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, px += n, pdy += n, pdx += n)
        {
            var middle = TWidth.Broadcast(mean[row]);
            var scale = TWidth.Broadcast(inverse[row]);
            TVector sum = TWidth.Zero, sumN = sum;
            nint i = 0;
            for (; i <= n - w; i += w)
            {
                var g = TWidth.Multiply(TWidth.Load(pdy + i), TWidth.Load(pg + i));
                sum = TWidth.Add(sum, g);
                sumN = TWidth.MultiplyAdd(g, TWidth.Subtract(TWidth.Load(px + i), middle), sumN);
            }

            if (i < n)
            {
                var count = (int)(n - i);
                var g = TWidth.Multiply(Partial.Load<TWidth, TVector>(pdy + i, count), Partial.Load<TWidth, TVector>(pg + i, count));
                sum = TWidth.Add(sum, g);
                sumN = TWidth.MultiplyAdd(g, TWidth.Subtract(Partial.Load<TWidth, TVector>(px + i, count), middle), sumN);
            }

            var meanG = TWidth.Broadcast(TWidth.Sum(sum) / n);
            var meanGn = TWidth.Broadcast(TWidth.Sum(sumN) * inverse[row] / n);
            for (i = 0; i <= n - w; i += w)
            {
                var upstream = TWidth.Load(pdy + i);
                var normal = TWidth.Multiply(TWidth.Subtract(TWidth.Load(px + i), middle), scale);
                TWidth.Store(TWidth.MultiplyAdd(upstream, normal, TWidth.Load(pdg + i)), pdg + i);
                TWidth.Store(TWidth.Add(upstream, TWidth.Load(pdb + i)), pdb + i);
                TWidth.Store(Input<TWidth, TVector>(normal, upstream, TWidth.Load(pg + i), scale, meanG, meanGn), pdx + i);
            }

            if (i < n)
            {
                var count = (int)(n - i);
                var upstream = Partial.Load<TWidth, TVector>(pdy + i, count);
                var normal = TWidth.Multiply(TWidth.Subtract(Partial.Load<TWidth, TVector>(px + i, count), middle), scale);
                var gains = TWidth.MultiplyAdd(upstream, normal, Partial.Load<TWidth, TVector>(pdg + i, count));
                var biases = TWidth.Add(upstream, Partial.Load<TWidth, TVector>(pdb + i, count));
                var result = Input<TWidth, TVector>(normal, upstream, Partial.Load<TWidth, TVector>(pg + i, count), scale, meanG, meanGn);
                Partial.Store<TWidth, TVector>(gains, pdg + i, count);
                Partial.Store<TWidth, TVector>(biases, pdb + i, count);
                Partial.Store<TWidth, TVector>(result, pdx + i, count);
            }
        }
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Input<TWidth, TVector>(TVector normal, TVector dy, TVector gain, TVector inverse, TVector meanG, TVector meanGn)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var g = TWidth.Subtract(TWidth.Multiply(dy, gain), meanG);
        return TWidth.Multiply(inverse, TWidth.Subtract(g, TWidth.Multiply(normal, meanGn)));
    }
}
