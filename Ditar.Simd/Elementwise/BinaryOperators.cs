// Sums, differences, products and quotients.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly struct AddOperator : IBinaryOperator
{
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector a, TVector b)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Add(a, b);
}

internal readonly struct SubtractOperator : IBinaryOperator
{
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector a, TVector b)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Subtract(a, b);
}

internal readonly struct MultiplyOperator : IBinaryOperator
{
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector a, TVector b)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Multiply(a, b);
}

internal readonly struct DivideOperator : IBinaryOperator
{
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector a, TVector b)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => TWidth.Divide(a, b);
}
