// SiLU and GELU, each with its derivative.

using System.Runtime.CompilerServices;
using Ditar.Reference.Kernels;

namespace Ditar.Simd;

/// <summary>y = x s with s = sigmoid(x).</summary>
internal readonly struct SiluOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(x, VectorMath.Sigmoid<TWidth, TVector>(x));

    // dx = dy s (1 + x (1 - s))
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var one = TWidth.Broadcast(1f);
        var s = VectorMath.Sigmoid<TWidth, TVector>(x);
        return TWidth.Multiply(TWidth.Multiply(dy, s), TWidth.MultiplyAdd(x, TWidth.Subtract(one, s), one));
    }
}

/// <summary>y = x s with s = sigmoid(u), u = c (x + d x^3).</summary>
internal readonly struct GeluOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    private const float C = (float)PlainKernels.GeluSlope, Cd = (float)(PlainKernels.GeluSlope * PlainKernels.GeluCubic);

    // Beyond this s is 0 or 1 in float32, and x^3 cannot overflow within it.
    private const float Saturated = 30f;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        // c x + c d x^3 = x (c + c d x^2)
        var slope = TWidth.MultiplyAdd(TWidth.Multiply(x, x), TWidth.Broadcast(Cd), TWidth.Broadcast(C));
        return TWidth.Multiply(x, VectorMath.Sigmoid<TWidth, TVector>(TWidth.Multiply(x, slope)));
    }

    // dx = dy (s + x s (1 - s) u')  with  x u' = c x + 3 c d x^3  =  u + 2 c d x^3
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        x = TWidth.Min(TWidth.Broadcast(Saturated), TWidth.Max(TWidth.Broadcast(-Saturated), x));
        var one = TWidth.Broadcast(1f);
        var square = TWidth.Multiply(x, x);
        var cubic = TWidth.Multiply(TWidth.Multiply(square, TWidth.Broadcast(Cd)), x);
        var u = TWidth.MultiplyAdd(x, TWidth.Broadcast(C), cubic);
        var s = VectorMath.Sigmoid<TWidth, TVector>(u);
        var xSlope = TWidth.Add(u, TWidth.Add(cubic, cubic));
        var derivative = TWidth.Multiply(s, TWidth.MultiplyAdd(xSlope, TWidth.Subtract(one, s), one));
        return TWidth.Multiply(dy, derivative);
    }
}
