// First halves of residual blocks: a convolution or a depthwise convolution and Snake, a tile of steps at a time.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly unsafe struct ConvolutionFront(ConvolutionOperands first, SnakeFinish snake) : IRowFront
{
    public int WorkPitch => first.Columns;

    [MethodImpl(Jit.Hot)]
    public float* Fill<TWidth, TVector>(int row, int rows, float* work)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var o = first;
        o.X += row * o.XRowStride;
        o.Y = work;
        ConvolutionRows.Run<TWidth, TVector, SnakeFinish>(in o, 0, rows, 0, o.Columns, snake);
        return work;
    }
}

internal readonly unsafe struct DepthwiseFront<TStep>(DepthwiseOperands depthwise, TStep step) : IRowFront
    where TStep : struct, IDepthwiseStep
{
    public int WorkPitch => depthwise.Channels;

    [MethodImpl(Jit.Hot)]
    public float* Fill<TWidth, TVector>(int row, int rows, float* work)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        depthwise.Run<TWidth, TVector, TStep>(row, rows, step, work);
        return work;
    }
}
