// Depthwise convolution over steps, as the first half of a residual block: one filter per channel. The seven taps of a vector of channels stay in
// registers while steps pass; each step is seven multiply-adds for seven loads, which is the speed of the first-level cache.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <param name="x">The first input step of output row 0.</param>
/// <param name="xRowStride">Elements between steps.</param>
/// <param name="tapStride">Elements between taps: dilation * xRowStride.</param>
/// <param name="taps">[kernel, channels padded].</param>
/// <param name="bias">[channels padded].</param>
/// <param name="channels">Padded.</param>
internal unsafe readonly struct DepthwiseOperands(float* x, nint xRowStride, nint tapStride, float* taps, float* bias, int kernel, int channels)
{
    private const int SpecialKernel = 7;

    public readonly int Channels = channels;

    /// <summary>y[r, c] = finish(bias[c] + sum over j of x[r, j, c] taps[j, c]), for rows row..row + rows.</summary>
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector, TStep>(int row, int rows, TStep step, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TStep : struct, IDepthwiseStep
    {
        for (var c = 0; c < Channels; c += TWidth.Count)
        {
            var source = x + (row * xRowStride) + c;
            if (kernel == SpecialKernel)
                Seven<TWidth, TVector, TStep>(source, c, rows, step, y + c);
            else
                Any<TWidth, TVector, TStep>(source, c, rows, step, y + c);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Seven<TWidth, TVector, TStep>(float* source, int c, int rows, TStep step, float* target)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TStep : struct, IDepthwiseStep
    {
        nint pitch = Channels;
        var tap = taps + c;
        var t0 = TWidth.Load(tap);
        var t1 = TWidth.Load(tap + pitch);
        var t2 = TWidth.Load(tap + (2 * pitch));
        var t3 = TWidth.Load(tap + (3 * pitch));
        var t4 = TWidth.Load(tap + (4 * pitch));
        var t5 = TWidth.Load(tap + (5 * pitch));
        var t6 = TWidth.Load(tap + (6 * pitch));
        var first = TWidth.Load(bias + c);
        for (; rows > 0; rows--, source += xRowStride, target += pitch)
        {
            var sum = TWidth.MultiplyAdd(TWidth.Load(source), t0, first);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + tapStride), t1, sum);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + (2 * tapStride)), t2, sum);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + (3 * tapStride)), t3, sum);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + (4 * tapStride)), t4, sum);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + (5 * tapStride)), t5, sum);
            sum = TWidth.MultiplyAdd(TWidth.Load(source + (6 * tapStride)), t6, sum);
            TWidth.Store(step.Invoke<TWidth, TVector>(sum, c), target);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Any<TWidth, TVector, TStep>(float* source, int c, int rows, TStep step, float* target)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TStep : struct, IDepthwiseStep
    {
        for (; rows > 0; rows--, source += xRowStride, target += Channels)
        {
            var sum = TWidth.Load(bias + c);
            for (var j = 0; j < kernel; j++)
                sum = TWidth.MultiplyAdd(TWidth.Load(source + (j * tapStride)), TWidth.Load(taps + (j * (nint)Channels) + c), sum);
            TWidth.Store(step.Invoke<TWidth, TVector>(sum, c), target);
        }
    }
}

/// <summary>What happens to a depthwise sum before it is stored.</summary>
internal interface IDepthwiseStep
{
    TVector Invoke<TWidth, TVector>(TVector sum, int channel)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

internal readonly struct NoStep : IDepthwiseStep
{
    [MethodImpl(Jit.Inline)]
    public TVector Invoke<TWidth, TVector>(TVector sum, int channel)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => sum;
}

internal readonly unsafe struct SnakeStep(float* slopes, float* inverses) : IDepthwiseStep
{
    [MethodImpl(Jit.Inline)]
    public TVector Invoke<TWidth, TVector>(TVector sum, int channel)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => SnakeValues.Invoke<TWidth, TVector>(sum, TWidth.Load(slopes + channel), TWidth.Load(inverses + channel));
}
