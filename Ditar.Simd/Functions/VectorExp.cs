// exp and what is made of it: sigmoid, tanh. Each comment gives range reduction, polynomial, largest error and special values.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static partial class VectorMath
{
    // exp(x) = 2^n e^r with n = round(x / ln 2), r = x - n ln 2 in two steps, |r| <= 0.347. ln 2 is split so that n times the first part
    // (9 bits) is exact. e^r = 1 + r + r^2 p(r), p of degree 4 through the Chebyshev points of (e^r - 1 - r) / r^2: relative error 1.1e-8
    // before rounding. At most 1.5 ULP in all (2 without fused multiply-add). Subnormal results are rounded like others,
    // below them 0; above 88.73 infinity; NaN stays NaN.
    [MethodImpl(Jit.Inline)]
    public static TVector Exp<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        // e^-105 and e^90 are far outside what float32 holds; the limits keep n small enough for Scale.
        x = TWidth.Min(TWidth.Broadcast(90f), TWidth.Max(TWidth.Broadcast(-105f), x));
        var n = TWidth.Round(TWidth.Multiply(x, TWidth.Broadcast(1.44269504f)));
        var r = TWidth.MultiplyAdd(n, TWidth.Broadcast(-0.693359375f), x);
        r = TWidth.MultiplyAdd(n, TWidth.Broadcast(2.12194442e-4f), r);
        var p = TWidth.MultiplyAdd(r, TWidth.Broadcast(0.00139262504f), TWidth.Broadcast(0.00836323295f));
        p = TWidth.MultiplyAdd(r, p, TWidth.Broadcast(0.0416665524f));
        p = TWidth.MultiplyAdd(r, p, TWidth.Broadcast(0.166665763f));
        p = TWidth.MultiplyAdd(r, p, TWidth.Broadcast(0.5f));
        var one = TWidth.Broadcast(1f);
        return TWidth.Scale(TWidth.Add(TWidth.MultiplyAdd(TWidth.Multiply(r, r), p, r), one), n);
    }

    // 1 / (1 + exp(-x)): the relative error of both operations and of exp, 3 ULP. 0 and 1 at the infinities.
    [MethodImpl(Jit.Inline)]
    public static TVector Sigmoid<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var one = TWidth.Broadcast(1f);
        return TWidth.Divide(one, TWidth.Add(one, Exp<TWidth, TVector>(TWidth.Negate(x))));
    }

    // |x| < 0.625: x + x^3 p(x^2), p of degree 5 through the Chebyshev points, relative error 6e-9 before rounding.
    // Beyond: 1 - 2 / (exp(2|x|) + 1) with the sign of x, where the subtraction no longer cancels (the result is above 0.55).
    // At most 2 ULP. +-1 at the infinities, NaN stays NaN, -0 stays -0.
    [MethodImpl(Jit.Inline)]
    public static TVector Tanh<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var one = TWidth.Broadcast(1f);
        var magnitude = TWidth.Abs(x);
        var sign = TWidth.Xor(x, magnitude);
        var doubled = Exp<TWidth, TVector>(TWidth.Add(magnitude, magnitude));
        var far = TWidth.Subtract(one, TWidth.Divide(TWidth.Broadcast(2f), TWidth.Add(doubled, one)));

        var z = TWidth.Multiply(x, x);
        var p = TWidth.MultiplyAdd(z, TWidth.Broadcast(0.00228962628f), TWidth.Broadcast(-0.00834118947f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(0.0217680763f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-0.0539591573f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(0.133333027f));
        p = TWidth.MultiplyAdd(z, p, TWidth.Broadcast(-0.333333343f));
        var near = TWidth.MultiplyAdd(TWidth.Multiply(magnitude, z), p, magnitude);
        return TWidth.Xor(sign, TWidth.Select(TWidth.LessThan(magnitude, TWidth.Broadcast(0.625f)), near, far));
    }
}
