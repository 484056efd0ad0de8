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
    /// <summary>Whether the derivative is computed from x; where not, x is not even read: these loops are as fast as memory.</summary>
    static abstract bool ReadsX { get; }

    /// <summary>Whether the derivative is computed from y.</summary>
    static abstract bool ReadsY { get; }

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
            var upstream = TWidth.Load(pdy + i);
            var value = TOperator.Invoke<TWidth, TVector>(
                TOperator.ReadsX ? TWidth.Load(px + i) : upstream, TOperator.ReadsY ? TWidth.Load(py + i) : upstream, upstream);
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
    private const int LongestPattern = 1024;

    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* pa = a, pb = b, py = y;
        var n = inner;
        if (bOuter == 0 && !aRepeats && !bRepeats && aOuter == n && n % TWidth.Count != 0 && n <= LongestPattern && outer > 2 * TWidth.Count)
        {
            RunOnPattern<TWidth, TVector>();
            return;
        }

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

    // Rows such as 24 channels have a remainder each. Repeated until it fills whole vectors, b becomes a longer row without one.
    private void RunOnPattern<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var period = ChannelPattern.Length<TWidth, TVector>(inner);
        var pattern = Scratch.OfThread.Pattern((nuint)period);
        ChannelPattern.Fill(b, inner, period, pattern);
        var length = (long)outer * inner;
        var (full, rest) = ((int)(length / period), (int)(length % period));
        var done = (nint)full * period;
        new BinaryWork<TOperator>(full, period, a, period, false, pattern, 0, false, y).Run<TWidth, TVector>();
        new BinaryWork<TOperator>(1, rest, a + done, 0, false, pattern, 0, false, y + done).Run<TWidth, TVector>();
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
