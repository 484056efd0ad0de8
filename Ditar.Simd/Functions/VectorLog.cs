// Natural logarithm and softplus.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static partial class VectorMath
{
    // x = m 2^e with m in [sqrt(1/2), sqrt(2)); with f = m - 1 and s = f / (2 + f), |s| <= 0.172:
    //     log(1 + f) = 2 s + 2/3 s^3 + 2/5 s^5 + ...        the series of 2 artanh(s)
    //                = f - (f^2/2 - s (f^2/2 + R)),  R = z (2/3 + z (2/5 + z (2/7 + z 2/9))), z = s^2
    // The second line has f, which is exact, as its leading term; the first dropped term is below 1e-9 of the result.
    // e ln 2 is added in two parts, the first exact. At most 1.5 ULP. log(0) = -infinity, negative NaN, infinity stays. Subnormals are
    // scaled up first.
    [MethodImpl(Jit.Inline)]
    public static TVector Log<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var one = TWidth.Broadcast(1f);
        var tiny = TWidth.LessThan(x, TWidth.Broadcast(1.17549435e-38f));
        var normal = TWidth.Select(tiny, TWidth.Multiply(x, TWidth.Broadcast(8388608f)), x);
        var e = TWidth.Subtract(TWidth.Exponent(normal, out var m), TWidth.And(tiny, TWidth.Broadcast(23f)));
        var high = TWidth.LessThan(TWidth.Broadcast(1.41421354f), m);
        m = TWidth.Select(high, TWidth.Multiply(m, TWidth.Broadcast(0.5f)), m);
        e = TWidth.Add(e, TWidth.And(high, one));

        var f = TWidth.Subtract(m, one);
        var s = TWidth.Divide(f, TWidth.Add(TWidth.Broadcast(2f), f));
        var z = TWidth.Multiply(s, s);
        var halfSquare = TWidth.Multiply(TWidth.Broadcast(0.5f), TWidth.Multiply(f, f));
        var r = TWidth.MultiplyAdd(z, TWidth.Broadcast(2f / 9), TWidth.Broadcast(2f / 7));
        r = TWidth.MultiplyAdd(z, r, TWidth.Broadcast(2f / 5));
        r = TWidth.MultiplyAdd(z, r, TWidth.Broadcast(2f / 3));
        r = TWidth.MultiplyAdd(z, r, halfSquare);
        // e ln2 + f - (f^2/2 - s (f^2/2 + R)), small terms first
        var low = TWidth.MultiplyAdd(s, r, TWidth.Multiply(e, TWidth.Broadcast(-2.12194442e-4f)));
        var result = TWidth.MultiplyAdd(e, TWidth.Broadcast(0.693359375f), TWidth.Subtract(f, TWidth.Subtract(halfSquare, low)));

        var infinity = TWidth.Broadcast(float.PositiveInfinity);
        result = TWidth.Select(TWidth.Equal(x, TWidth.Zero), TWidth.Negate(infinity), result);
        result = TWidth.Select(TWidth.LessThan(x, TWidth.Zero), TWidth.Broadcast(float.NaN), result);
        return TWidth.Select(TWidth.LessThan(x, infinity), result, x);
    }

    // log(1 + t) for t in [0, 1]: log(u) with u = 1 + t rounded, plus what the rounding lost, (t - (u - 1)) / u. 2 ULP.
    // softplus = max(x, 0) + log(1 + exp(-|x|)); both terms are positive, so nothing cancels.
    [MethodImpl(Jit.Inline)]
    public static TVector Softplus<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var one = TWidth.Broadcast(1f);
        var t = Exp<TWidth, TVector>(TWidth.Negate(TWidth.Abs(x)));
        var u = TWidth.Add(one, t);
        var lost = TWidth.Divide(TWidth.Subtract(t, TWidth.Subtract(u, one)), u);
        return TWidth.Add(TWidth.Max(TWidth.Zero, x), TWidth.Add(Log<TWidth, TVector>(u), lost));
    }
}
