// A set of kernels that measures another: how often each kernel ran, how long it took, what share of the measured time that is.
// Calls may come from several threads. What happens between kernels (the tape, data movement) is not measured.

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ditar.Reference.Kernels;

/// <summary>Passes every call on and measures it. Thread-safe. A name stands for both element types.</summary>
/// <param name="measured">The set that does the work.</param>
public sealed class TimedKernels(IKernels measured) : IKernels
{
    private readonly ConcurrentDictionary<string, Tally> tallies = new();

    public string Name => $"{measured.Name}, timed";

    /// <summary>One line per kernel, the most expensive first: share of the time, calls, least and mean time of a call.</summary>
    public string Report()
    {
        var rows = tallies.ToArray();
        var total = Math.Max(1, rows.Sum(row => row.Value.Ticks));
        var text = new StringBuilder($"{"kernel",-28} {"share",7} {"calls",10} {"least us",10} {"mean us",10}\n");
        foreach (var (name, tally) in rows.OrderByDescending(row => row.Value.Ticks))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name,-28} {(double)tally.Ticks / total,7:p1} {tally.Calls,10} {Microseconds(tally.Least),10:0.0} {Microseconds(tally.Ticks) / tally.Calls,10:0.0}\n");
        }

        return text.ToString();
    }

    /// <summary>Forgets what was measured.</summary>
    public void Reset() => tallies.Clear();

    public void MatMul<T>(in MatMulShape shape, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.MatMul(in shape, a, b, c);
        Count(Stopwatch.GetTimestamp() - start, nameof(MatMul));
    }

    public void Unary<T>(UnaryOperation operation, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Unary(operation, x, y);
        Count(Stopwatch.GetTimestamp() - start, $"{operation}");
    }

    public void UnaryGradient<T>(
        UnaryOperation operation, ReadOnlySpan<T> x, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.UnaryGradient(operation, x, y, dy, dx);
        Count(Stopwatch.GetTimestamp() - start, $"{operation} gradient");
    }

    public void Binary<T>(
        BinaryOperation operation, in BroadcastShape shape, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Binary(operation, in shape, a, b, y);
        Count(Stopwatch.GetTimestamp() - start, $"{operation}");
    }

    public void AddScaled<T>(ReadOnlySpan<T> x, T scale, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.AddScaled(x, scale, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(AddScaled));
    }

    public void Sum<T>(int outer, int count, int inner, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Sum(outer, count, inner, x, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(Sum));
    }

    public void Softmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Softmax(rows, width, x, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(Softmax));
    }

    public void SoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.SoftmaxGradient(rows, width, y, dy, dx);
        Count(Stopwatch.GetTimestamp() - start, nameof(SoftmaxGradient));
    }

    public void LogSoftmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.LogSoftmax(rows, width, x, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(LogSoftmax));
    }

    public void LogSoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.LogSoftmaxGradient(rows, width, y, dy, dx);
        Count(Stopwatch.GetTimestamp() - start, nameof(LogSoftmaxGradient));
    }

    public void RmsNorm<T>(
        int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, Span<T> y, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.RmsNorm(rows, width, epsilon, x, gain, y, inverse);
        Count(Stopwatch.GetTimestamp() - start, nameof(RmsNorm));
    }

    public void RmsNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dgain)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.RmsNormGradient(rows, width, x, gain, inverse, dy, dx, dgain);
        Count(Stopwatch.GetTimestamp() - start, nameof(RmsNormGradient));
    }

    public void LayerNorm<T>(
        int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> bias, Span<T> y, Span<T> mean, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.LayerNorm(rows, width, epsilon, x, gain, bias, y, mean, inverse);
        Count(Stopwatch.GetTimestamp() - start, nameof(LayerNorm));
    }

    public void LayerNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> mean, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dgain, Span<T> dbias)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.LayerNormGradient(rows, width, x, gain, mean, inverse, dy, dx, dgain, dbias);
        Count(Stopwatch.GetTimestamp() - start, nameof(LayerNormGradient));
    }

    public void Rotate<T>(
        int batch, int time, int heads, int headDim, bool inverse, ReadOnlySpan<T> x, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Rotate(batch, time, heads, headDim, inverse, x, cosine, sine, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(Rotate));
    }

    public void Attention<T>(
        in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> mask, Span<T> y, Span<T> probabilities)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Attention(in shape, q, k, v, mask, y, probabilities);
        Count(Stopwatch.GetTimestamp() - start, nameof(Attention));
    }

    public void AttentionGradient<T>(
        in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> probabilities, ReadOnlySpan<T> dy, Span<T> dq, Span<T> dk, Span<T> dv)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.AttentionGradient(in shape, q, k, v, probabilities, dy, dq, dk, dv);
        Count(Stopwatch.GetTimestamp() - start, nameof(AttentionGradient));
    }

    public void Depthwise<T>(in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Depthwise(in shape, x, w, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(Depthwise));
    }

    public void DepthwiseGradient<T>(
        in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dw)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.DepthwiseGradient(in shape, x, w, dy, dx, dw);
        Count(Stopwatch.GetTimestamp() - start, nameof(DepthwiseGradient));
    }

    public void Snake<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.Snake(rows, channels, x, alpha, y);
        Count(Stopwatch.GetTimestamp() - start, nameof(Snake));
    }

    public void SnakeGradient<T>(
        int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dalpha)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Stopwatch.GetTimestamp();
        measured.SnakeGradient(rows, channels, x, alpha, dy, dx, dalpha);
        Count(Stopwatch.GetTimestamp() - start, nameof(SnakeGradient));
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    // The time comes first in every call, so that writing the name is not part of it.
    private void Count(long ticks, string kernel)
    {
        var tally = tallies.GetOrAdd(kernel, _ => new Tally());
        lock (tally)
        {
            tally.Calls++;
            tally.Ticks += ticks;
            tally.Least = Math.Min(tally.Least, ticks);
        }
    }

    private sealed class Tally
    {
        public long Calls { get; set; }

        public long Ticks { get; set; }

        public long Least { get; set; } = long.MaxValue;
    }
}
