// Element-wise functions and their derivatives as operators. The functions themselves are in Functions/; the derivatives are those of
// Ditar.Reference's PlainKernels, line by line.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly struct NegateOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Negate(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Negate(dy);
}

internal readonly struct AbsOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Abs(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Select(
            TWidth.LessThan(TWidth.Zero, x), dy, TWidth.Select(TWidth.LessThan(x, TWidth.Zero), TWidth.Negate(dy), TWidth.Zero));
}

internal readonly struct SquareOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(x, x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, TWidth.Add(x, x));
}

internal readonly struct SqrtOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Sqrt(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Divide(dy, TWidth.Add(y, y));
}

internal readonly struct ReciprocalSqrtOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Divide(TWidth.Broadcast(1f), TWidth.Sqrt(x));

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(TWidth.Multiply(dy, TWidth.Broadcast(-0.5f)), TWidth.Multiply(TWidth.Multiply(y, y), y));
}

internal readonly struct ReciprocalOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Divide(TWidth.Broadcast(1f), x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(TWidth.Negate(dy), TWidth.Multiply(y, y));
}

internal readonly struct ExpOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Exp<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, y);
}

internal readonly struct LogOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Log<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Divide(dy, x);
}

internal readonly struct SinOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Sin<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, VectorMath.Cos<TWidth, TVector>(x));
}

internal readonly struct CosOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Cos<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(TWidth.Negate(dy), VectorMath.Sin<TWidth, TVector>(x));
}

internal readonly struct TanhOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Tanh<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, TWidth.MultiplyAdd(TWidth.Negate(y), y, TWidth.Broadcast(1f)));
}

internal readonly struct SigmoidOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => false;

    public static bool ReadsY => true;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Sigmoid<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, TWidth.Multiply(y, TWidth.Subtract(TWidth.Broadcast(1f), y)));
}

internal readonly struct SoftplusOperator : IUnaryOperator, IGradientOperator
{
    public static bool ReadsX => true;

    public static bool ReadsY => false;

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => VectorMath.Softplus<TWidth, TVector>(x);

    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(dy, VectorMath.Sigmoid<TWidth, TVector>(x));
}
