// LayerNorm over rows whose channels are padded to whole vectors: y = (x - mean) / sqrt(variance + epsilon) * gain + bias. The padding is zero before
// (the sums below leave it out) and after (its gain and bias are zero).

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <param name="gain">[pitch].</param>
/// <param name="bias">[pitch].</param>
/// <param name="channels">Without padding.</param>
/// <param name="pitch">With padding.</param>
internal readonly unsafe struct NormOperands(float* gain, float* bias, int channels, int pitch, float epsilon)
{
    /// <summary>Rows of x, xRowStride apart, to rows of y, pitch apart. y may be x.</summary>
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>(float* x, nint xRowStride, int rows, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var last = pitch - TWidth.Count;
        var mask = TWidth.LessThan(TWidth.Lanes(last), TWidth.Broadcast(channels));
        for (; rows > 0; rows--, x += xRowStride, y += pitch)
        {
            // Padding holds zeros and adds none.
            var sum = TWidth.Zero;
            for (var i = 0; i < pitch; i += TWidth.Count)
                sum = TWidth.Add(sum, TWidth.Load(x + i));
            var middle = TWidth.Broadcast(TWidth.Sum(sum) / channels);
            sum = TWidth.Zero;
            for (var i = 0; i < pitch; i += TWidth.Count)
            {
                var away = TWidth.Subtract(TWidth.Load(x + i), middle);
                if (i == last)
                    away = TWidth.And(mask, away);
                sum = TWidth.MultiplyAdd(away, away, sum);
            }

            var scale = TWidth.Broadcast(1 / MathF.Sqrt((TWidth.Sum(sum) / channels) + epsilon));
            for (var i = 0; i < pitch; i += TWidth.Count)
            {
                var normal = TWidth.Multiply(TWidth.Subtract(TWidth.Load(x + i), middle), scale);
                TWidth.Store(TWidth.MultiplyAdd(normal, TWidth.Load(gain + i), TWidth.Load(bias + i)), y + i);
            }
        }
    }
}
