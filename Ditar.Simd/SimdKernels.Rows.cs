// The kernels of the seam that work on rows (norms, softmax, Snake) and on sequences (rotation, attention, depthwise convolution).

using Ditar.Reference.Kernels;

namespace Ditar.Simd;

public sealed unsafe partial class SimdKernels
{
    public override void Softmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Softmax(rows, width, x, y);
            return;
        }

        NeedRows(rows, width, x.Length, y.Length);
        fixed (float* px = Floats(x), py = Floats(y))
            Vectors.Run(new SoftmaxWork(rows, width, px, py));
    }

    public override void SoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
    {
        if (typeof(T) != typeof(float))
        {
            base.SoftmaxGradient(rows, width, y, dy, dx);
            return;
        }

        NeedRows(rows, width, y.Length, dx.Length);
        Need(dy.Length, (long)rows * width, nameof(dy));
        fixed (float* py = Floats(y), pdy = Floats(dy), pdx = Floats(dx))
            Vectors.Run(new SoftmaxGradientWork(rows, width, py, pdy, pdx));
    }

    public override void LogSoftmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.LogSoftmax(rows, width, x, y);
            return;
        }

        NeedRows(rows, width, x.Length, y.Length);
        fixed (float* px = Floats(x), py = Floats(y))
            Vectors.Run(new LogSoftmaxWork(rows, width, px, py));
    }

    public override void LogSoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
    {
        if (typeof(T) != typeof(float))
        {
            base.LogSoftmaxGradient(rows, width, y, dy, dx);
            return;
        }

        NeedRows(rows, width, y.Length, dx.Length);
        Need(dy.Length, (long)rows * width, nameof(dy));
        fixed (float* py = Floats(y), pdy = Floats(dy), pdx = Floats(dx))
            Vectors.Run(new LogSoftmaxGradientWork(rows, width, py, pdy, pdx));
    }

    public override void RmsNorm<T>(int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, Span<T> y, Span<T> inverse)
    {
        if (typeof(T) != typeof(float))
        {
            base.RmsNorm(rows, width, epsilon, x, gain, y, inverse);
            return;
        }

        NeedRows(rows, width, x.Length, y.Length);
        Need(gain.Length, width, nameof(gain));
        Need(inverse.Length, rows, nameof(inverse));
        fixed (float* px = Floats(x), pg = Floats(gain), py = Floats(y), pi = Floats(inverse))
            Vectors.Run(new RmsNormWork(rows, width, float.CreateTruncating(epsilon), px, pg, py, pi));
    }

    public override void RmsNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dgain)
    {
        if (typeof(T) != typeof(float))
        {
            base.RmsNormGradient(rows, width, x, gain, inverse, dy, dx, dgain);
            return;
        }

        NeedRows(rows, width, x.Length, dx.Length);
        Need(dy.Length, (long)rows * width, nameof(dy));
        Need(gain.Length, width, nameof(gain));
        Need(dgain.Length, width, nameof(dgain));
        Need(inverse.Length, rows, nameof(inverse));
        fixed (float* px = Floats(x), pg = Floats(gain), pi = Floats(inverse), pdy = Floats(dy), pdx = Floats(dx), pdg = Floats(dgain))
            Vectors.Run(new RmsNormGradientWork(rows, width, px, pg, pi, pdy, pdx, pdg));
    }

    public override void LayerNorm<T>(
        int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> bias, Span<T> y, Span<T> mean, Span<T> inverse)
    {
        if (typeof(T) != typeof(float))
        {
            base.LayerNorm(rows, width, epsilon, x, gain, bias, y, mean, inverse);
            return;
        }

        NeedRows(rows, width, x.Length, y.Length);
        Need(gain.Length, width, nameof(gain));
        Need(bias.Length, width, nameof(bias));
        Need(mean.Length, rows, nameof(mean));
        Need(inverse.Length, rows, nameof(inverse));
        fixed (float* px = Floats(x), pg = Floats(gain), pb = Floats(bias), py = Floats(y), pm = Floats(mean), pi = Floats(inverse))
            Vectors.Run(new LayerNormWork(rows, width, float.CreateTruncating(epsilon), px, pg, pb, py, pm, pi));
    }

    public override void LayerNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> mean, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy,
        Span<T> dx, Span<T> dgain, Span<T> dbias)
    {
        if (typeof(T) != typeof(float))
        {
            base.LayerNormGradient(rows, width, x, gain, mean, inverse, dy, dx, dgain, dbias);
            return;
        }

        NeedRows(rows, width, x.Length, dx.Length);
        Need(dy.Length, (long)rows * width, nameof(dy));
        Need(gain.Length, width, nameof(gain));
        Need(dgain.Length, width, nameof(dgain));
        Need(dbias.Length, width, nameof(dbias));
        Need(mean.Length, rows, nameof(mean));
        Need(inverse.Length, rows, nameof(inverse));
        fixed (float* px = Floats(x), pg = Floats(gain), pm = Floats(mean), pi = Floats(inverse), pdy = Floats(dy))
        fixed (float* pdx = Floats(dx), pdg = Floats(dgain), pdb = Floats(dbias))
            Vectors.Run(new LayerNormGradientWork(rows, width, px, pg, pm, pi, pdy, pdx, pdg, pdb));
    }

    public override void Snake<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Snake(rows, channels, x, alpha, y);
            return;
        }

        NeedRows(rows, channels, x.Length, y.Length);
        Need(alpha.Length, channels, nameof(alpha));
        fixed (float* px = Floats(x), pa = Floats(alpha), py = Floats(y))
            Vectors.Run(new SnakeWork(rows, channels, px, pa, py));
    }

    public override void SnakeGradient<T>(
        int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dalpha)
    {
        if (typeof(T) != typeof(float))
        {
            base.SnakeGradient(rows, channels, x, alpha, dy, dx, dalpha);
            return;
        }

        NeedRows(rows, channels, x.Length, dx.Length);
        Need(dy.Length, (long)rows * channels, nameof(dy));
        Need(alpha.Length, channels, nameof(alpha));
        Need(dalpha.Length, channels, nameof(dalpha));
        fixed (float* px = Floats(x), pa = Floats(alpha), pdy = Floats(dy), pdx = Floats(dx), pda = Floats(dalpha))
            Vectors.Run(new SnakeGradientWork(rows, channels, px, pa, pdy, pdx, pda));
    }

    public override void Rotate<T>(
        int batch, int time, int heads, int headDim, bool inverse, ReadOnlySpan<T> x, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Rotate(batch, time, heads, headDim, inverse, x, cosine, sine, y);
            return;
        }

        if (headDim % 2 != 0)
            throw new ArgumentException($"Pairs need an even head dimension, not {headDim}.", nameof(headDim));
        NeedRows(checked(batch * time * heads), headDim, x.Length, y.Length);
        Need(cosine.Length, (long)time * headDim / 2, nameof(cosine));
        Need(sine.Length, (long)time * headDim / 2, nameof(sine));
        fixed (float* px = Floats(x), pc = Floats(cosine), ps = Floats(sine), py = Floats(y))
            Vectors.Run(new RotateWork(batch, time, heads, headDim, inverse, px, pc, ps, py));
    }

    public override void Attention<T>(
        in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> mask, Span<T> y, Span<T> probabilities)
    {
        if (typeof(T) != typeof(float))
        {
            base.Attention(in shape, q, k, v, mask, y, probabilities);
            return;
        }

        NeedAttention(in shape, q.Length, k.Length, v.Length, y.Length, probabilities.Length);
        Need(mask.Length, mask.IsEmpty ? 0 : (long)shape.Queries * shape.Keys, nameof(mask));
        fixed (float* pq = Floats(q), pk = Floats(k), pv = Floats(v), pm = Floats(mask), py = Floats(y), pp = Floats(probabilities))
            Vectors.Run(new AttentionWork(shape, pq, pk, pv, pm, py, pp));
    }

    public override void AttentionGradient<T>(
        in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> probabilities, ReadOnlySpan<T> dy,
        Span<T> dq, Span<T> dk, Span<T> dv)
    {
        if (typeof(T) != typeof(float))
        {
            base.AttentionGradient(in shape, q, k, v, probabilities, dy, dq, dk, dv);
            return;
        }

        NeedAttention(in shape, q.Length, k.Length, v.Length, dy.Length, probabilities.Length);
        NeedAttention(in shape, dq.Length, dk.Length, dv.Length, dy.Length, probabilities.Length);
        fixed (float* pq = Floats(q), pk = Floats(k), pv = Floats(v), pp = Floats(probabilities), pdy = Floats(dy))
        fixed (float* pdq = Floats(dq), pdk = Floats(dk), pdv = Floats(dv))
            Vectors.Run(new AttentionGradientWork(shape, pq, pk, pv, pp, pdy, pdq, pdk, pdv));
    }

    public override void Depthwise<T>(in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Depthwise(in shape, x, w, y);
            return;
        }

        NeedDepthwise(in shape, x.Length, w.Length, y.Length);
        fixed (float* px = Floats(x), pw = Floats(w), py = Floats(y))
            Vectors.Run(new DepthwiseWork(shape, px, pw, py));
    }

    public override void DepthwiseGradient<T>(
        in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dw)
    {
        if (typeof(T) != typeof(float))
        {
            base.DepthwiseGradient(in shape, x, w, dy, dx, dw);
            return;
        }

        NeedDepthwise(in shape, x.Length, w.Length, dy.Length);
        NeedDepthwise(in shape, dx.Length, dw.Length, dy.Length);
        fixed (float* px = Floats(x), pw = Floats(w), pdy = Floats(dy), pdx = Floats(dx), pdw = Floats(dw))
            Vectors.Run(new DepthwiseGradientWork(shape, px, pw, pdy, pdx, pdw));
    }

    private static void NeedRows(int rows, int width, int source, int destination)
    {
        Need(source, (long)rows * width, "the source");
        Need(destination, (long)rows * width, "the destination");
    }

    private static void NeedAttention(in AttentionShape s, int queries, int keys, int values, int outputs, int probabilities)
    {
        if (s.KeyHeads < 1 || s.Heads % s.KeyHeads != 0)
            throw new ArgumentException($"{s.Heads} query heads cannot share {s.KeyHeads} key heads.", nameof(s));
        var queryLength = checked((long)s.Batch * s.Queries * s.Heads * s.HeadDim);
        var keyLength = checked((long)s.Batch * s.Keys * s.KeyHeads * s.HeadDim);
        Need(queries, queryLength, "q or dq");
        Need(keys, keyLength, "k or dk");
        Need(values, keyLength, "v or dv");
        Need(outputs, queryLength, "y or dy");
        Need(probabilities, checked((long)s.Batch * s.Heads * s.Queries * s.Keys), nameof(probabilities));
    }

    private static void NeedDepthwise(in DepthwiseShape s, int input, int taps, int output)
    {
        if (s.Stride < 1 || s.Dilation < 1 || s.Kernel < 1 || s.Outputs < 0)
            throw new ArgumentException($"{s} has no output.", nameof(s));
        Need(input, checked((long)s.Batch * s.Time * s.Channels), "x or dx");
        Need(taps, checked((long)s.Kernel * s.Channels), "w or dw");
        Need(output, checked((long)s.Batch * s.Outputs * s.Channels), "y or dy");
    }
}
