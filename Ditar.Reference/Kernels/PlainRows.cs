// Kernels over the rows of a matrix: softmax, the two norms, Snake. Each gradient is the formula that follows from the forward line above it.

using System.Numerics;
using System.Numerics.Tensors;

namespace Ditar.Reference.Kernels;

public partial class PlainKernels
{
    public virtual void Softmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++) SoftmaxRow(x.Slice(r * width, width), y.Slice(r * width, width));
    }

    public virtual void SoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
            SoftmaxGradientRow(y.Slice(r * width, width), dy.Slice(r * width, width), dx.Slice(r * width, width));
    }

    public virtual void LogSoftmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            var row = x.Slice(r * width, width);
            var largest = TensorPrimitives.Max(row);
            var sum = T.Zero;
            foreach (var value in row) sum += T.Exp(value - largest);
            TensorPrimitives.Subtract(row, largest + T.Log(sum), y.Slice(r * width, width));
        }
    }

    public virtual void LogSoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            var sum = TensorPrimitives.Sum(dy.Slice(r * width, width));
            for (var i = r * width; i < (r + 1) * width; i++) dx[i] = dy[i] - (T.Exp(y[i]) * sum);
        }
    }

    public virtual void RmsNorm<T>(int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, Span<T> y, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            var row = x.Slice(r * width, width);
            inverse[r] = T.One / T.Sqrt((TensorPrimitives.SumOfSquares(row) / T.CreateTruncating(width)) + epsilon);
            TensorPrimitives.Multiply(row, inverse[r], y.Slice(r * width, width));
            TensorPrimitives.Multiply(y.Slice(r * width, width), gain, y.Slice(r * width, width));
        }
    }

    public virtual void RmsNormGradient<T>(int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dgain)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            // With n = x inverse and g = dy gain:  dx = inverse (g - n mean(g n)),  dgain += dy n.
            var at = r * width;
            var mean = T.Zero;
            for (var i = 0; i < width; i++) mean += dy[at + i] * gain[i] * x[at + i] * inverse[r];
            mean /= T.CreateTruncating(width);
            for (var i = 0; i < width; i++)
            {
                var n = x[at + i] * inverse[r];
                dx[at + i] = inverse[r] * ((dy[at + i] * gain[i]) - (n * mean));
                dgain[i] += dy[at + i] * n;
            }
        }
    }

    public virtual void LayerNorm<T>(int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> bias, Span<T> y, Span<T> mean, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            var row = x.Slice(r * width, width);
            mean[r] = TensorPrimitives.Sum(row) / T.CreateTruncating(width);
            var variance = T.Zero;
            foreach (var value in row) variance += (value - mean[r]) * (value - mean[r]);
            inverse[r] = T.One / T.Sqrt((variance / T.CreateTruncating(width)) + epsilon);
            for (var i = 0; i < width; i++) y[(r * width) + i] = ((row[i] - mean[r]) * inverse[r] * gain[i]) + bias[i];
        }
    }

    public virtual void LayerNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> mean, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy,
        Span<T> dx, Span<T> dgain, Span<T> dbias) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var r = 0; r < rows; r++)
        {
            // With n = (x - mean) inverse and g = dy gain:  dx = inverse (g - mean(g) - n mean(g n)).
            var at = r * width;
            T meanG = T.Zero, meanGn = T.Zero;
            for (var i = 0; i < width; i++)
            {
                var g = dy[at + i] * gain[i];
                meanG += g;
                meanGn += g * (x[at + i] - mean[r]) * inverse[r];
            }

            meanG /= T.CreateTruncating(width);
            meanGn /= T.CreateTruncating(width);
            for (var i = 0; i < width; i++)
            {
                var n = (x[at + i] - mean[r]) * inverse[r];
                dx[at + i] = inverse[r] * ((dy[at + i] * gain[i]) - meanG - (n * meanGn));
                dgain[i] += dy[at + i] * n;
                dbias[i] += dy[at + i];
            }
        }
    }

    public virtual void Snake<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < rows * channels; i++)
        {
            var a = alpha[i % channels];
            var sine = T.Sin(a * x[i]);
            y[i] = x[i] + (sine * sine / a);
        }
    }

    public virtual void SnakeGradient<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dalpha)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < rows * channels; i++)
        {
            var a = alpha[i % channels];
            var (sine, cosine) = T.SinCos(a * x[i]);
            var doubled = (sine + sine) * cosine;                                 // sin(2 a x)
            dx[i] = dy[i] * (T.One + doubled);
            dalpha[i % channels] += dy[i] * ((x[i] * doubled / a) - (sine * sine / (a * a)));
        }
    }

    private static void SoftmaxRow<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var largest = TensorPrimitives.Max(x);
        if (T.IsNegativeInfinity(largest))
        {
            y.Clear();
            return;
        }

        TensorPrimitives.Subtract(x, largest, y);
        TensorPrimitives.Exp(y, y);
        TensorPrimitives.Divide(y, TensorPrimitives.Sum<T>(y), y);
    }

    private static void SoftmaxGradientRow<T>(ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var dot = TensorPrimitives.Dot(y, dy);
        for (var i = 0; i < y.Length; i++) dx[i] = y[i] * (dy[i] - dot);
    }
}
