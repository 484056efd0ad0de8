// What is known of a row before its values are: the norm's factor and the scale of its integers. Whoever computes a piece of a row's scale alone may put
// the pieces together by their maximum: it has the same bits.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class RowStatistics
{
    /// <summary>1 / sqrt(mean(x^2) + epsilon).</summary>
    [MethodImpl(Jit.Hot)]
    public static float NormFactor<TWidth, TVector>(float* row, int n, float epsilon)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector even = TWidth.Zero, odd = even;
        var w = TWidth.Count;
        var i = 0;
        for (; i <= n - (2 * w); i += 2 * w)
        {
            var (first, second) = (TWidth.Load(row + i), TWidth.Load(row + i + w));
            even = TWidth.MultiplyAdd(first, first, even);
            odd = TWidth.MultiplyAdd(second, second, odd);
        }

        for (; i < n; i += w)
        {
            var last = Partial.Load<TWidth, TVector>(row + i, Math.Min(w, n - i));
            even = TWidth.MultiplyAdd(last, last, even);
        }

        return 1 / MathF.Sqrt((TWidth.Sum(TWidth.Add(even, odd)) / n) + epsilon);
    }

    /// <summary>Largest magnitude / 127. NaN where a value is not finite: 0 * value shows it, maxima may not.</summary>
    [MethodImpl(Jit.Hot)]
    public static float Scale<TWidth, TVector>(float* row, int n)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector zero = TWidth.Zero, most = zero, most2 = zero, poison = zero, poison2 = zero;
        var w = TWidth.Count;
        var i = 0;
        for (; i <= n - (2 * w); i += 2 * w)
        {
            var (first, second) = (TWidth.Load(row + i), TWidth.Load(row + i + w));
            most = TWidth.Max(most, TWidth.Abs(first));
            most2 = TWidth.Max(most2, TWidth.Abs(second));
            poison = TWidth.MultiplyAdd(first, zero, poison);
            poison2 = TWidth.MultiplyAdd(second, zero, poison2);
        }

        for (; i < n; i += w)
        {
            var last = Partial.Load<TWidth, TVector>(row + i, Math.Min(w, n - i));
            most = TWidth.Max(most, TWidth.Abs(last));
            poison = TWidth.MultiplyAdd(last, zero, poison);
        }

        return Of<TWidth, TVector>(TWidth.Max(most, most2), TWidth.Add(poison, poison2));
    }

    /// <summary>The same of the row after its norm, x * factor * gain.</summary>
    [MethodImpl(Jit.Hot)]
    public static float Scale<TWidth, TVector>(float* row, float* gain, float factor, int n)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector zero = TWidth.Zero, most = zero, most2 = zero, poison = zero, poison2 = zero;
        var factors = TWidth.Broadcast(factor);
        var w = TWidth.Count;
        var i = 0;
        for (; i <= n - (2 * w); i += 2 * w)
        {
            var first = TWidth.Multiply(TWidth.Multiply(TWidth.Load(row + i), factors), TWidth.Load(gain + i));
            var second = TWidth.Multiply(TWidth.Multiply(TWidth.Load(row + i + w), factors), TWidth.Load(gain + i + w));
            most = TWidth.Max(most, TWidth.Abs(first));
            most2 = TWidth.Max(most2, TWidth.Abs(second));
            poison = TWidth.MultiplyAdd(first, zero, poison);
            poison2 = TWidth.MultiplyAdd(second, zero, poison2);
        }

        for (; i < n; i += w)
        {
            var count = Math.Min(w, n - i);
            var last = TWidth.Multiply(TWidth.Multiply(Partial.Load<TWidth, TVector>(row + i, count), factors), Partial.Load<TWidth, TVector>(gain + i, count));
            most = TWidth.Max(most, TWidth.Abs(last));
            poison = TWidth.MultiplyAdd(last, zero, poison);
        }

        return Of<TWidth, TVector>(TWidth.Max(most, most2), TWidth.Add(poison, poison2));
    }

    private static float Of<TWidth, TVector>(TVector most, TVector poison)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => (TWidth.MaxLane(most) / 127) + TWidth.Sum(poison);
}
