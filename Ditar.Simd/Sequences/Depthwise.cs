// Depthwise convolution over time, channels last: every tap is a scaled row, so vectors run along the channels and four of them stay in
// registers while the taps (forward, dx) or the time steps (dw) run.

using System.Runtime.CompilerServices;
using Ditar.Reference.Kernels;

namespace Ditar.Simd;

/// <summary>y[b, t, :] = sum over j of x[b, t * stride + j * dilation, :] * w[j, :].</summary>
internal readonly unsafe struct DepthwiseWork(DepthwiseShape shape, float* x, float* w, float* y) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        nint channels = shape.Channels;
        var hop = shape.Dilation * channels;
        var target = y;
        for (var b = 0; b < shape.Batch; b++)
        {
            var source = x + (b * (nint)shape.Time * channels);
            for (var t = 0; t < shape.Outputs; t++, source += shape.Stride * channels, target += channels)
                ScaledTaps.Sum<TWidth, TVector>(shape.Channels, shape.Kernel, source, hop, w, channels, target);
        }
    }
}

/// <summary>
/// dx[b, s, :] = sum of dy[b, t, :] w[j, :] over the t and j that read s; dw[j, :] += sum over b, t of dy[b, t, :] x[b, t * stride + j * dilation, :].
/// </summary>
internal readonly unsafe struct DepthwiseGradientWork(DepthwiseShape shape, float* x, float* w, float* dy, float* dx, float* dw) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        nint channels = shape.Channels;
        for (var b = 0; b < shape.Batch; b++)
        {
            var upstream = dy + (b * (nint)shape.Outputs * channels);
            var target = dx + (b * (nint)shape.Time * channels);
            for (var s = 0; s < shape.Time; s++, target += channels)
                Input<TWidth, TVector>(s, upstream, target);
            var source = x + (b * (nint)shape.Time * channels);
            for (var j = 0; j < shape.Kernel; j++)
                Weights<TWidth, TVector>(source + (j * shape.Dilation * channels), upstream, dw + (j * channels));
        }
    }

    // s = t * stride + j * dilation. With stride 1 the taps that exist form one run of j, and t falls by the dilation as j grows.
    private void Input<TWidth, TVector>(int s, float* upstream, float* target)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        nint channels = shape.Channels;
        if (shape.Stride == 1)
        {
            var first = Math.Max(0, (s - shape.Outputs + shape.Dilation) / shape.Dilation); // s - first * dilation <= outputs - 1
            var end = Math.Min(shape.Kernel, (s / shape.Dilation) + 1);                     // s - (end - 1) * dilation >= 0
            var source = upstream + ((s - ((nint)first * shape.Dilation)) * channels);
            ScaledTaps.Sum<TWidth, TVector>(shape.Channels, end - first, source, -shape.Dilation * channels, w + (first * channels), channels, target);
            return;
        }

        new Span<float>(target, shape.Channels).Clear();
        for (var j = 0; j < shape.Kernel; j++)
        {
            var at = s - (j * shape.Dilation);
            if (at < 0 || at % shape.Stride != 0 || at / shape.Stride >= shape.Outputs)
                continue;
            var source = upstream + (at / shape.Stride * channels);
            var tap = w + (j * channels);
            for (nint c = 0; c < channels; c++)
                target[c] += source[c] * tap[c];
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Weights<TWidth, TVector>(float* source, float* upstream, float* sums)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        nint channels = shape.Channels;
        var step = shape.Stride * channels;
        nint c = 0;
        for (; c <= channels - (4 * w); c += 4 * w)
        {
            TVector s0 = TWidth.Zero, s1 = s0, s2 = s0, s3 = s0;
            float* px = source + c, pd = upstream + c;
            for (var t = 0; t < shape.Outputs; t++, px += step, pd += channels)
            {
                s0 = TWidth.MultiplyAdd(TWidth.Load(px), TWidth.Load(pd), s0);
                s1 = TWidth.MultiplyAdd(TWidth.Load(px + w), TWidth.Load(pd + w), s1);
                s2 = TWidth.MultiplyAdd(TWidth.Load(px + (2 * w)), TWidth.Load(pd + (2 * w)), s2);
                s3 = TWidth.MultiplyAdd(TWidth.Load(px + (3 * w)), TWidth.Load(pd + (3 * w)), s3);
            }

            TWidth.Store(TWidth.Add(TWidth.Load(sums + c), s0), sums + c);
            TWidth.Store(TWidth.Add(TWidth.Load(sums + c + w), s1), sums + c + w);
            TWidth.Store(TWidth.Add(TWidth.Load(sums + c + (2 * w)), s2), sums + c + (2 * w));
            TWidth.Store(TWidth.Add(TWidth.Load(sums + c + (3 * w)), s3), sums + c + (3 * w));
        }

        for (; c < channels; c += w)
        {
            var count = (int)Math.Min(w, channels - c);
            var sum = Partial.Load<TWidth, TVector>(sums + c, count);
            float* px = source + c, pd = upstream + c;
            for (var t = 0; t < shape.Outputs; t++, px += step, pd += channels)
                sum = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(px, count), Partial.Load<TWidth, TVector>(pd, count), sum);
            Partial.Store<TWidth, TVector>(sum, sums + c, count);
        }
    }
}

internal static unsafe class ScaledTaps
{
    /// <summary>target[c] = sum over j of source[j * sourceStride + c] * taps[j * tapStride + c].</summary>
    [MethodImpl(Jit.Hot)]
    public static void Sum<TWidth, TVector>(int channels, int count, float* source, nint sourceStride, float* taps, nint tapStride, float* target)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        nint c = 0;
        for (; c <= channels - (4 * w); c += 4 * w)
        {
            TVector s0 = TWidth.Zero, s1 = s0, s2 = s0, s3 = s0;
            float* px = source + c, pw = taps + c;
            for (var j = 0; j < count; j++, px += sourceStride, pw += tapStride)
            {
                s0 = TWidth.MultiplyAdd(TWidth.Load(px), TWidth.Load(pw), s0);
                s1 = TWidth.MultiplyAdd(TWidth.Load(px + w), TWidth.Load(pw + w), s1);
                s2 = TWidth.MultiplyAdd(TWidth.Load(px + (2 * w)), TWidth.Load(pw + (2 * w)), s2);
                s3 = TWidth.MultiplyAdd(TWidth.Load(px + (3 * w)), TWidth.Load(pw + (3 * w)), s3);
            }

            TWidth.Store(s0, target + c);
            TWidth.Store(s1, target + c + w);
            TWidth.Store(s2, target + c + (2 * w));
            TWidth.Store(s3, target + c + (3 * w));
        }

        for (; c <= channels - w; c += w)
        {
            var sum = TWidth.Zero;
            float* px = source + c, pw = taps + c;
            for (var j = 0; j < count; j++, px += sourceStride, pw += tapStride)
                sum = TWidth.MultiplyAdd(TWidth.Load(px), TWidth.Load(pw), sum);
            TWidth.Store(sum, target + c);
        }

        if (c < channels)
        {
            var last = (int)(channels - c);
            var sum = TWidth.Zero;
            float* px = source + c, pw = taps + c;
            for (var j = 0; j < count; j++, px += sourceStride, pw += tapStride)
                sum = TWidth.MultiplyAdd(Partial.Load<TWidth, TVector>(px, last), Partial.Load<TWidth, TVector>(pw, last), sum);
            Partial.Store<TWidth, TVector>(sum, target + c, last);
        }
    }
}
