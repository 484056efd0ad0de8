// What a layer does to a convolution's outputs: nothing, GELU, Snake in their place, or Snake beside them where the next layer needs both. Applied tile
// by tile, so that no pass over a whole signal is made for it.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal unsafe interface ITileFinish
{
    /// <param name="y">The tile: rows of whole vectors.</param>
    /// <param name="row">Of the output, where the tile begins.</param>
    /// <param name="column">Of the output, where the tile begins.</param>
    void Apply<TWidth, TVector>(float* y, nint yRowStride, int row, int rows, int column, int vectors)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

internal readonly unsafe struct NoFinish : ITileFinish
{
    [MethodImpl(Jit.Inline)]
    public void Apply<TWidth, TVector>(float* y, nint yRowStride, int row, int rows, int column, int vectors)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
    }
}

internal readonly unsafe struct GeluFinish : ITileFinish
{
    [MethodImpl(Jit.Hot)]
    public void Apply<TWidth, TVector>(float* y, nint yRowStride, int row, int rows, int column, int vectors)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        for (; rows > 0; rows--, y += yRowStride)
        {
            for (var v = 0; v < vectors; v++)
                TWidth.Store(GeluOperator.Invoke<TWidth, TVector>(TWidth.Load(y + (v * TWidth.Count))), y + (v * TWidth.Count));
        }
    }
}

/// <summary>s[row, column] = v + sin^2(slope v) inverse, v = y scale + shift; into y itself or beside it.</summary>
/// <param name="slopes">[columns].</param>
/// <param name="inverses">[columns], 1 / slope.</param>
/// <param name="beside">Row 0 of where the results go; null for y itself.</param>
/// <param name="scales">[columns]; null for v = y.</param>
/// <param name="shifts">[columns], with scales.</param>
internal readonly unsafe struct SnakeFinish(
    float* slopes, float* inverses, float* beside = null, nint besideRowStride = 0, float* scales = null, float* shifts = null) : ITileFinish
{
    [MethodImpl(Jit.Hot)]
    public void Apply<TWidth, TVector>(float* y, nint yRowStride, int row, int rows, int column, int vectors)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var s = beside == null ? y : beside + (row * besideRowStride) + column;
        var stride = beside == null ? yRowStride : besideRowStride;
        for (var v = 0; v < vectors; v++)
        {
            var slope = TWidth.Load(slopes + column + (v * TWidth.Count));
            var inverse = TWidth.Load(inverses + column + (v * TWidth.Count));
            float* py = y + (v * TWidth.Count), ps = s + (v * TWidth.Count);
            if (scales != null)
                Scale<TWidth, TVector>(py, yRowStride, rows, column + (v * TWidth.Count));
            for (var r = 0; r < rows; r++, py += yRowStride, ps += stride)
                TWidth.Store(SnakeValues.Invoke<TWidth, TVector>(TWidth.Load(py), slope, inverse), ps);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Scale<TWidth, TVector>(float* y, nint yRowStride, int rows, int column)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (scale, shift) = (TWidth.Load(scales + column), TWidth.Load(shifts + column));
        for (; rows > 0; rows--, y += yRowStride)
            TWidth.Store(TWidth.MultiplyAdd(TWidth.Load(y), scale, shift), y);
    }
}

internal static class SnakeValues
{
    [MethodImpl(Jit.Inline)]
    public static TVector Invoke<TWidth, TVector>(TVector x, TVector slope, TVector inverse)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged =>
        TWidth.MultiplyAdd(VectorMath.SineSquared<TWidth, TVector>(TWidth.Multiply(x, slope), out _), inverse, x);
}
