// The loops of element-wise functions. An operator is a struct with a static Invoke that is generic over the vector width: the same lines
// serve 512, 256 and 128 bits, and the remainder, which is an ordinary vector padded with zeros (Partial).

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>y = f(x).</summary>
internal interface IUnaryOperator
{
    static abstract TVector Invoke<TWidth, TVector>(TVector x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

/// <summary>dx = dy f'(x), given x and y = f(x).</summary>
internal interface IGradientOperator
{
    static abstract TVector Invoke<TWidth, TVector>(TVector x, TVector y, TVector dy)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

/// <summary>y = a op b.</summary>
internal interface IBinaryOperator
{
    static abstract TVector Invoke<TWidth, TVector>(TVector a, TVector b)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

/// <summary>y[i] = f(x[i]); y may be x.</summary>
internal readonly unsafe struct UnaryWork<TOperator>(int length, float* x, float* y) : IVectorWork
    where TOperator : struct, IUnaryOperator
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* source = x, target = y;
        var n = length;
        nint i = 0;
        for (; i <= n - TWidth.Count; i += TWidth.Count)
            TWidth.Store(TOperator.Invoke<TWidth, TVector>(TWidth.Load(source + i)), target + i);
        if (i < n)
        {
            var last = Partial.Load<TWidth, TVector>(source + i, (int)(n - i));
            Partial.Store<TWidth, TVector>(TOperator.Invoke<TWidth, TVector>(last), target + i, (int)(n - i));
        }
    }
}

/// <summary>dx[i] = dy[i] f'(x[i]); dx may be any of the sources.</summary>
internal readonly unsafe struct GradientWork<TOperator>(int length, float* x, float* y, float* dy, float* dx) : IVectorWork
    where TOperator : struct, IGradientOperator
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y, pdy = dy, pdx = dx;
        var n = length;
        nint i = 0;
        for (; i <= n - TWidth.Count; i += TWidth.Count)
        {
            var value = TOperator.Invoke<TWidth, TVector>(TWidth.Load(px + i), TWidth.Load(py + i), TWidth.Load(pdy + i));
            TWidth.Store(value, pdx + i);
        }

        if (i < n)
        {
            var count = (int)(n - i);
            var value = TOperator.Invoke<TWidth, TVector>(
                Partial.Load<TWidth, TVector>(px + i, count), Partial.Load<TWidth, TVector>(py + i, count),
                Partial.Load<TWidth, TVector>(pdy + i, count));
            Partial.Store<TWidth, TVector>(value, pdx + i, count);
        }
    }
}

/// <summary>y[o, i] = a[o * aOuter + i * aInner] op b[o * bOuter + i * bInner], inner strides 0 or 1; y may be a or b where their strides agree.</summary>
internal readonly unsafe struct BinaryWork<TOperator>(
    int outer, int inner, float* a, nint aOuter, bool aRepeats, float* b, nint bOuter, bool bRepeats, float* y) : IVectorWork
    where TOperator : struct, IBinaryOperator
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* pa = a, pb = b, py = y;
        var n = inner;
        for (var o = 0; o < outer; o++, pa += aOuter, pb += bOuter, py += n)
        {
            nint i = 0;
            if (aRepeats || bRepeats)
            {
                var left = TWidth.Broadcast(*pa);
                var right = TWidth.Broadcast(*pb);
                for (; i <= n - TWidth.Count; i += TWidth.Count)
                {
                    var value = TOperator.Invoke<TWidth, TVector>(aRepeats ? left : TWidth.Load(pa + i), bRepeats ? right : TWidth.Load(pb + i));
                    TWidth.Store(value, py + i);
                }
            }
            else
            {
                for (; i <= n - TWidth.Count; i += TWidth.Count)
                    TWidth.Store(TOperator.Invoke<TWidth, TVector>(TWidth.Load(pa + i), TWidth.Load(pb + i)), py + i);
            }

            if (i < n)
            {
                var count = (int)(n - i);
                var value = TOperator.Invoke<TWidth, TVector>(
                    aRepeats ? TWidth.Broadcast(*pa) : Partial.Load<TWidth, TVector>(pa + i, count),
                    bRepeats ? TWidth.Broadcast(*pb) : Partial.Load<TWidth, TVector>(pb + i, count));
                Partial.Store<TWidth, TVector>(value, py + i, count);
            }
        }
    }
}

/// <summary>y[i] += scale * x[i].</summary>
internal readonly unsafe struct AddScaledWork(int length, float* x, float scale, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y;
        var n = length;
        var factor = TWidth.Broadcast(scale);
        nint i = 0;
        for (; i <= n - TWidth.Count; i += TWidth.Count)
            TWidth.Store(TWidth.MultiplyAdd(TWidth.Load(px + i), factor, TWidth.Load(py + i)), py + i);
        if (i < n)
        {
            var count = (int)(n - i);
            var sum = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(px + i, count), factor, Partial.Load<TWidth, TVector>(py + i, count));
            Partial.Store<TWidth, TVector>(sum, py + i, count);
        }
    }
}
