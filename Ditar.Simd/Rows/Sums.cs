// Sums along an axis. Eight terms are added as a tree before they meet the running sum, which keeps both the rounding error and the
// traffic on the running sum to an eighth.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>y[o, i] = sum over n of x[o, n, i] for inner > 1: whole rows are added.</summary>
internal readonly unsafe struct SumRowsWork(int outer, int count, int inner, float* x, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var px = x;
        var py = y;
        nint stride = inner;
        for (var o = 0; o < outer; o++, py += stride)
        {
            new Span<float>(py, inner).Clear();
            var left = count;
            for (; left >= 8; left -= 8, px += 8 * stride)
                AddRows<TWidth, TVector, Eight>(px, py);
            for (; left > 0; left--, px += stride)
                AddRows<TWidth, TVector, One>(px, py);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void AddRows<TWidth, TVector, TRows>(float* rows, float* sum)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
    {
        nint stride = inner;
        nint i = 0;
        for (; i <= stride - TWidth.Count; i += TWidth.Count)
        {
            var total = TWidth.Load(rows + i);
            if (TRows.Value == 8)
            {
                var row = rows + i;
                var first = TWidth.Add(total, TWidth.Load(row + stride));
                var second = TWidth.Add(TWidth.Load(row + (2 * stride)), TWidth.Load(row + (3 * stride)));
                row += 4 * stride;
                var third = TWidth.Add(TWidth.Load(row), TWidth.Load(row + stride));
                var fourth = TWidth.Add(TWidth.Load(row + (2 * stride)), TWidth.Load(row + (3 * stride)));
                total = TWidth.Add(TWidth.Add(first, second), TWidth.Add(third, fourth));
            }

            TWidth.Store(TWidth.Add(TWidth.Load(sum + i), total), sum + i);
        }

        for (; i < stride; i++)
        {
            var total = 0f;
            for (var r = 0; r < TRows.Value; r++)
                total += rows[(r * stride) + i];
            sum[i] += total;
        }
    }
}

/// <summary>y[o] = sum of x[o, 0..count-1]: four running vectors per stretch of 1024 values, stretches added one after the other in float64.</summary>
internal readonly unsafe struct SumWork(int outer, int count, float* x, float* y) : IVectorWork
{
    private const int Stretch = 1024;

    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var px = x;
        for (var o = 0; o < outer; o++)
        {
            var total = 0.0;
            for (var left = count; left > 0;)
            {
                var length = Math.Min(Stretch, left);
                total += Of<TWidth, TVector>(px, length);
                left -= length;
                px += length;
            }

            y[o] = (float)total;
        }
    }

    [MethodImpl(Jit.Hot)]
    private static float Of<TWidth, TVector>(float* x, int n)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        TVector a = TWidth.Zero, b = a, c = a, d = a;
        nint i = 0;
        for (; i <= n - (4 * w); i += 4 * w)
        {
            a = TWidth.Add(a, TWidth.Load(x + i));
            b = TWidth.Add(b, TWidth.Load(x + i + w));
            c = TWidth.Add(c, TWidth.Load(x + i + (2 * w)));
            d = TWidth.Add(d, TWidth.Load(x + i + (3 * w)));
        }

        for (; i <= n - w; i += w)
            a = TWidth.Add(a, TWidth.Load(x + i));
        if (i < n)
            b = TWidth.Add(b, Partial.Load<TWidth, TVector>(x + i, (int)(n - i)));
        return TWidth.Sum(TWidth.Add(TWidth.Add(a, b), TWidth.Add(c, d)));
    }
}
