// Sine and cosine.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe partial class VectorMath
{
    // Above this the reduction below is no longer exact. Angles of the models (phases, Snake arguments) are in the tens.
    private const float LargestReducible = 12000f;

    // sin(x) = (-1)^n sin(r) with n = round(x / pi), r = x - n pi, |r| <= pi/2. pi = 3.140625 (8 bits) + 9.675e-4 (11 bits) + rest:
    // |n| < 2^12 with one binary place (cos), so the first two products are exact even without fused multiply-add, and r is right to one
    // rounding plus 4e-15 n.
    // sin(r) = r + r^3 p(r^2), p of degree 4 through the Chebyshev points, relative error 1.9e-8 before rounding. At most 1.5 ULP of sin(r)
    // plus n x 1e-14 absolute near the zeros. Larger angles take a slow path per lane; infinities and NaN give NaN.
    [MethodImpl(Jit.Inline)]
    public static TVector Sin<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var n = TWidth.Round(TWidth.Multiply(x, TWidth.Broadcast(0.318309886f)));
        return TWidth.Any(TWidth.LessThan(TWidth.Broadcast(LargestReducible), TWidth.Abs(x)))
            ? EachLane<TWidth, TVector>(x, cosine: false)
            : TWidth.Xor(SineOfReduced<TWidth, TVector>(Reduce<TWidth, TVector>(x, n)), TWidth.SignIfOdd(n));
    }

    // cos(x) = sin(x + pi/2): with h = round(x / pi - 1/2), n = h + 1/2 and r = x - n pi, cos(x) = -(-1)^h sin(r). The half is exact in n.
    [MethodImpl(Jit.Inline)]
    public static TVector Cos<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var half = TWidth.Broadcast(0.5f);
        var h = TWidth.Round(TWidth.Subtract(TWidth.Multiply(x, TWidth.Broadcast(0.318309886f)), half));
        return TWidth.Any(TWidth.LessThan(TWidth.Broadcast(LargestReducible), TWidth.Abs(x)))
            ? EachLane<TWidth, TVector>(x, cosine: true)
            : TWidth.Xor(TWidth.Negate(SineOfReduced<TWidth, TVector>(Reduce<TWidth, TVector>(x, TWidth.Add(h, half)))), TWidth.SignIfOdd(h));
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Reduce<TWidth, TVector>(TVector x, TVector n)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var r = TWidth.MultiplyAdd(n, TWidth.Broadcast(-3.140625f), x);
        r = TWidth.MultiplyAdd(n, TWidth.Broadcast(-9.67502594e-4f), r);
        return TWidth.MultiplyAdd(n, TWidth.Broadcast(-1.50995803e-7f), r);
    }

    [MethodImpl(Jit.Inline)]
    private static TVector SineOfReduced<TWidth, TVector>(TVector r)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var z = TWidth.Multiply(r, r);
        var p = TWidth.MultiplyAdd(z, TWidth.Broadcast(-2.40797142e-8f), TWidth.Broadcast(2.75364437e-6f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-1.98410868e-4f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(0.00833333284f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-0.166666672f));
        return TWidth.MultiplyAdd(TWidth.Multiply(r, z), p, r);
    }

    // cos(r) = 1 - z/2 + z^2 p(z), z = r^2, |r| <= pi/2, p of degree 3 through the Chebyshev points: absolute error 1.2e-8 before rounding.
    // For sums where cos(r) is a factor beside terms of size 1; relative accuracy is lost near its zeros.
    [MethodImpl(Jit.Inline)]
    private static TVector CosineOfReduced<TWidth, TVector>(TVector r)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var z = TWidth.Multiply(r, r);
        var p = TWidth.MultiplyAdd(z, TWidth.Broadcast(-2.65455697e-7f), TWidth.Broadcast(2.47860662e-5f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-0.00138888124f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(0.0416666679f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-0.5f));
        return TWidth.MultiplyAdd(z, p, TWidth.Broadcast(1f));
    }

    // sin(x)^2 and sin(2x) together: both have period pi, so the reduced angle needs no sign.
    [MethodImpl(Jit.Inline)]
    public static TVector SineSquared<TWidth, TVector>(TVector x, out TVector sineOfDouble)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector sine, cosine;
        if (TWidth.Any(TWidth.LessThan(TWidth.Broadcast(LargestReducible), TWidth.Abs(x))))
        {
            sine = EachLane<TWidth, TVector>(x, cosine: false);
            cosine = EachLane<TWidth, TVector>(x, cosine: true);
        }
        else
        {
            var r = Reduce<TWidth, TVector>(x, TWidth.Round(TWidth.Multiply(x, TWidth.Broadcast(0.318309886f))));
            sine = SineOfReduced<TWidth, TVector>(r);
            cosine = CosineOfReduced<TWidth, TVector>(r);
        }

        sineOfDouble = TWidth.Multiply(TWidth.Add(sine, sine), cosine);
        return TWidth.Multiply(sine, sine);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TVector EachLane<TWidth, TVector>(TVector x, bool cosine)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < TWidth.Count; i++)
        {
            var angle = (double)((float*)&x)[i];
            ((float*)&x)[i] = (float)(cosine ? System.Math.Cos(angle) : System.Math.Sin(angle));
        }

        return x;
    }
}
