// Softmax and log-softmax over rows, forward and backward. The row's largest value is subtracted first: no exponential overflows.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>y = exp(x - max) / sum of them. y may be x. A row of -infinity only gives zeros; a row with NaN gives NaN.</summary>
internal readonly unsafe struct SoftmaxWork(int rows, int width, float* x, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y;
        for (var row = 0; row < rows; row++, px += width, py += width)
            Row<TWidth, TVector>(width, px, py);
    }

    /// <summary>One row; also the middle step of attention.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Row<TWidth, TVector>(int n, float* x, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var largest = RowMaximum.Of<TWidth, TVector>(n, x);
        if (largest == float.NegativeInfinity)
        {
            new Span<float>(y, n).Clear();
            return;
        }

        var shift = TWidth.Broadcast(largest);
        var sum = TWidth.Zero;
        nint i = 0;
        for (; i <= n - w; i += w)
        {
            var e = VectorMath.Exp<TWidth, TVector>(TWidth.Subtract(TWidth.Load(x + i), shift));
            sum = TWidth.Add(sum, e);
            TWidth.Store(e, y + i);
        }

        if (i < n)
        {
            var count = (int)(n - i);
            var last = Partial.Load<TWidth, TVector>(x + i, count, float.NegativeInfinity);
            var e = VectorMath.Exp<TWidth, TVector>(TWidth.Subtract(last, shift));
            sum = TWidth.Add(sum, e); // the lanes that do not exist add exp(-infinity) = 0
            Partial.Store<TWidth, TVector>(e, y + i, count);
        }

        var inverse = 1 / TWidth.Sum(sum);
        var factor = TWidth.Broadcast(inverse);
        for (i = 0; i <= n - w; i += w)
            TWidth.Store(TWidth.Multiply(TWidth.Load(y + i), factor), y + i);
        for (; i < n; i++)
            y[i] *= inverse;
    }
}

internal static unsafe class RowMaximum
{
    /// <summary>The largest of n values; -infinity for none. NaN beside larger values may not come through, beside -infinity it does.</summary>
    [MethodImpl(Jit.Inline)]
    public static float Of<TWidth, TVector>(int n, float* x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var largest = TWidth.Broadcast(float.NegativeInfinity);
        nint i = 0;
        for (; i <= n - TWidth.Count; i += TWidth.Count)
            largest = TWidth.Max(largest, TWidth.Load(x + i));
        if (i < n)
            largest = TWidth.Max(largest, Partial.Load<TWidth, TVector>(x + i, (int)(n - i), float.NegativeInfinity));
        var result = TWidth.MaxLane(largest);
        for (i = 0; i < n && result == float.NegativeInfinity; i++)
            result = float.IsNaN(x[i]) ? float.NaN : result;
        return result;
    }
}

/// <summary>dx = y (dy - sum(y dy)). dx may be y or dy.</summary>
internal readonly unsafe struct SoftmaxGradientWork(int rows, int width, float* y, float* dy, float* dx) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* py = y, pdy = dy, pdx = dx;
        for (var row = 0; row < rows; row++, py += width, pdy += width, pdx += width)
            Row<TWidth, TVector>(width, py, pdy, 1f, pdx);
    }

    /// <summary>dx = scale y (dy - sum(y dy)) for one row.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Row<TWidth, TVector>(int n, float* y, float* dy, float scale, float* dx)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var sum = TWidth.Zero;
        nint i = 0;
        for (; i <= n - w; i += w)
            sum = TWidth.MultiplyAdd(TWidth.Load(y + i), TWidth.Load(dy + i), sum);
        if (i < n)
            sum = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(y + i, (int)(n - i)), Partial.Load<TWidth, TVector>(dy + i, (int)(n - i)), sum);

        var dot = TWidth.Broadcast(TWidth.Sum(sum));
        var factor = TWidth.Broadcast(scale);
        for (i = 0; i <= n - w; i += w)
            TWidth.Store(TWidth.Multiply(TWidth.Multiply(TWidth.Load(y + i), factor), TWidth.Subtract(TWidth.Load(dy + i), dot)), dx + i);
        if (i < n)
        {
            var count = (int)(n - i);
            var away = TWidth.Subtract(Partial.Load<TWidth, TVector>(dy + i, count), dot);
            Partial.Store<TWidth, TVector>(TWidth.Multiply(TWidth.Multiply(Partial.Load<TWidth, TVector>(y + i, count), factor), away), dx + i, count);
        }
    }
}

/// <summary>y = x - (max + log(sum of exp(x - max))). y may be x.</summary>
internal readonly unsafe struct LogSoftmaxWork(int rows, int width, float* x, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* px = x, py = y;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, px += n, py += n)
        {
            var largest = RowMaximum.Of<TWidth, TVector>(n, px);
            var shift = TWidth.Broadcast(largest);
            var sum = TWidth.Zero;
            nint i = 0;
            for (; i <= n - w; i += w)
                sum = TWidth.Add(sum, VectorMath.Exp<TWidth, TVector>(TWidth.Subtract(TWidth.Load(px + i), shift)));
            if (i < n)
            {
                var last = Partial.Load<TWidth, TVector>(px + i, (int)(n - i), float.NegativeInfinity);
                sum = TWidth.Add(sum, VectorMath.Exp<TWidth, TVector>(TWidth.Subtract(last, shift)));
            }

            // (x - max) - log(sum): the first difference is exact for values near the maximum, where the result is small.
            var log = TWidth.Broadcast(MathF.Log(TWidth.Sum(sum)));
            for (i = 0; i <= n - w; i += w)
                TWidth.Store(TWidth.Subtract(TWidth.Subtract(TWidth.Load(px + i), shift), log), py + i);
            if (i < n)
            {
                var last = TWidth.Subtract(Partial.Load<TWidth, TVector>(px + i, (int)(n - i)), shift);
                Partial.Store<TWidth, TVector>(TWidth.Subtract(last, log), py + i, (int)(n - i));
            }
        }
    }
}

/// <summary>dx = dy - exp(y) sum(dy). dx may be y or dy.</summary>
internal readonly unsafe struct LogSoftmaxGradientWork(int rows, int width, float* y, float* dy, float* dx) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        float* py = y, pdy = dy, pdx = dx;
        var (n, w) = (width, TWidth.Count);
        for (var row = 0; row < rows; row++, py += n, pdy += n, pdx += n)
        {
            var sum = TWidth.Zero;
            nint i = 0;
            for (; i <= n - w; i += w)
                sum = TWidth.Add(sum, TWidth.Load(pdy + i));
            if (i < n)
                sum = TWidth.Add(sum, Partial.Load<TWidth, TVector>(pdy + i, (int)(n - i)));
            var minusSum = TWidth.Broadcast(-TWidth.Sum(sum));
            for (i = 0; i <= n - w; i += w)
                TWidth.Store(TWidth.MultiplyAdd(VectorMath.Exp<TWidth, TVector>(TWidth.Load(py + i)), minusSum, TWidth.Load(pdy + i)), pdx + i);
            if (i < n)
            {
                var count = (int)(n - i);
                var e = VectorMath.Exp<TWidth, TVector>(Partial.Load<TWidth, TVector>(py + i, count));
                Partial.Store<TWidth, TVector>(TWidth.MultiplyAdd(e, minusSum, Partial.Load<TWidth, TVector>(pdy + i, count)), pdx + i, count);
            }
        }
    }
}
