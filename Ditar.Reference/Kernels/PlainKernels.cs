// The definition of every kernel: plain loops over TensorPrimitives that read like the equation, for float and double alike.
// Nothing here is tuned; Ditar.Simd is. Derived sets override what they do better.

using System.Numerics;
using System.Numerics.Tensors;

namespace Ditar.Reference.Kernels;

public partial class PlainKernels : IKernels
{
    public virtual string Name => "plain";

    public virtual void MatMul<T>(in MatMulShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var batch = 0; batch < s.Batch; batch++)
        {
            for (var i = 0; i < s.M; i++)
            {
                var row = c.Slice((batch * s.CBatchStride) + (i * s.CRowStride), s.N);
                if (!s.Accumulate) row.Clear();
                var aRow = (batch * s.ABatchStride) + (i * s.ARowStride);
                var bStart = batch * s.BBatchStride;
                if (s.BColumnStride == 1)
                {
                    // c[i, :] += a[i, k] b[k, :]
                    for (var k = 0; k < s.K; k++)
                        TensorPrimitives.MultiplyAdd(b.Slice(bStart + (k * s.BRowStride), s.N), a[aRow + (k * s.AColumnStride)], row, row);
                }
                else if (s.BRowStride == 1 && s.AColumnStride == 1)
                {
                    // c[i, j] += a[i, :] . b[:, j]
                    for (var j = 0; j < s.N; j++)
                        row[j] += TensorPrimitives.Dot(a.Slice(aRow, s.K), b.Slice(bStart + (j * s.BColumnStride), s.K));
                }
                else
                {
                    for (var j = 0; j < s.N; j++)
                    {
                        var sum = T.Zero;
                        for (var k = 0; k < s.K; k++)
                            sum += a[aRow + (k * s.AColumnStride)] * b[bStart + (k * s.BRowStride) + (j * s.BColumnStride)];
                        row[j] += sum;
                    }
                }
            }
        }
    }

    public virtual void Binary<T>(BinaryOperation operation, in BroadcastShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var o = 0; o < s.Outer; o++)
        {
            var row = y.Slice(o * s.Inner, s.Inner);
            var left = a.Slice(o * s.AOuter, s.AInner == 0 ? 1 : s.Inner);
            var right = b.Slice(o * s.BOuter, s.BInner == 0 ? 1 : s.Inner);
            if (s.AInner == 0 && s.BInner == 0) row.Fill(Apply(operation, left[0], right[0]));
            else if (s.AInner == 0) ApplyScalarLeft(operation, left[0], right, row);
            else if (s.BInner == 0) ApplyScalarRight(operation, left, right[0], row);
            else ApplyPairs(operation, left, right, row);
        }
    }

    public virtual void AddScaled<T>(ReadOnlySpan<T> x, T scale, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        TensorPrimitives.MultiplyAdd(x, scale, y, y);

    public virtual void Sum<T>(int outer, int count, int inner, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var o = 0; o < outer; o++)
        {
            if (inner == 1)
            {
                y[o] = PairwiseSum(x.Slice(o * count, count));
                continue;
            }

            var row = y.Slice(o * inner, inner);
            row.Clear();
            for (var n = 0; n < count; n++)
                TensorPrimitives.Add(row, x.Slice(((o * count) + n) * inner, inner), row);
        }
    }

    public virtual void Rotate<T>(int batch, int time, int heads, int headDim, bool inverse, ReadOnlySpan<T> x, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var half = headDim / 2;
        for (var row = 0; row < batch * time * heads; row++)
        {
            var t = row / heads % time;
            for (var i = 0; i < half; i++)
            {
                var c = cosine[(t * half) + i];
                var s = inverse ? -sine[(t * half) + i] : sine[(t * half) + i];
                var even = x[(row * headDim) + (2 * i)];
                var odd = x[(row * headDim) + (2 * i) + 1];
                y[(row * headDim) + (2 * i)] = (even * c) - (odd * s);
                y[(row * headDim) + (2 * i) + 1] = (even * s) + (odd * c);
            }
        }
    }

    public virtual void Depthwise<T>(in DepthwiseShape s, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var b = 0; b < s.Batch; b++)
        {
            for (var t = 0; t < s.Outputs; t++)
            {
                var row = y.Slice(((b * s.Outputs) + t) * s.Channels, s.Channels);
                row.Clear();
                for (var j = 0; j < s.Kernel; j++)
                {
                    var source = x.Slice(((b * s.Time) + (t * s.Stride) + (j * s.Dilation)) * s.Channels, s.Channels);
                    TensorPrimitives.MultiplyAdd(source, w.Slice(j * s.Channels, s.Channels), row, row);
                }
            }
        }
    }

    public virtual void DepthwiseGradient<T>(in DepthwiseShape s, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dw)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dx.Clear();
        for (var b = 0; b < s.Batch; b++)
        {
            for (var t = 0; t < s.Outputs; t++)
            {
                var row = dy.Slice(((b * s.Outputs) + t) * s.Channels, s.Channels);
                for (var j = 0; j < s.Kernel; j++)
                {
                    var at = ((b * s.Time) + (t * s.Stride) + (j * s.Dilation)) * s.Channels;
                    var weights = dw.Slice(j * s.Channels, s.Channels);
                    TensorPrimitives.MultiplyAdd(row, w.Slice(j * s.Channels, s.Channels), dx.Slice(at, s.Channels), dx.Slice(at, s.Channels));
                    TensorPrimitives.MultiplyAdd(row, x.Slice(at, s.Channels), weights, weights);
                }
            }
        }
    }

    // Halving keeps the rounding error at O(log n) instead of O(n).
    private static T PairwiseSum<T>(ReadOnlySpan<T> x) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (x.Length > 256) return PairwiseSum(x[..(x.Length / 2)]) + PairwiseSum(x[(x.Length / 2)..]);
        return TensorPrimitives.Sum(x);
    }

    private static T Apply<T>(BinaryOperation operation, T a, T b) where T : unmanaged, IBinaryFloatingPointIeee754<T> => operation switch
    {
        BinaryOperation.Add => a + b,
        BinaryOperation.Subtract => a - b,
        BinaryOperation.Multiply => a * b,
        BinaryOperation.Divide => a / b,
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    private static void ApplyPairs<T>(BinaryOperation operation, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (operation)
        {
            case BinaryOperation.Add: TensorPrimitives.Add(a, b, y); break;
            case BinaryOperation.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryOperation.Multiply: TensorPrimitives.Multiply(a, b, y); break;
            case BinaryOperation.Divide: TensorPrimitives.Divide(a, b, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    private static void ApplyScalarRight<T>(BinaryOperation operation, ReadOnlySpan<T> a, T b, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (operation)
        {
            case BinaryOperation.Add: TensorPrimitives.Add(a, b, y); break;
            case BinaryOperation.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryOperation.Multiply: TensorPrimitives.Multiply(a, b, y); break;
            case BinaryOperation.Divide: TensorPrimitives.Divide(a, b, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    private static void ApplyScalarLeft<T>(BinaryOperation operation, T a, ReadOnlySpan<T> b, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (operation)
        {
            case BinaryOperation.Add: TensorPrimitives.Add(b, a, y); break;
            case BinaryOperation.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryOperation.Multiply: TensorPrimitives.Multiply(b, a, y); break;
            case BinaryOperation.Divide: TensorPrimitives.Divide(a, b, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }
}
