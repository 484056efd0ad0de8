// From a finished tile, still in the first-level cache, to the result: gate, bias, activation, scale, residual, store. A tile of 14 x 32 sums has
// taken a thousand or more multiply-adds per value; passing it through the cache costs nothing beside them and keeps the tile's code small.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class SkinnyEpilogue
{
    /// <summary>Applies the epilogue to a tile and stores it.</summary>
    /// <param name="epilogue">With bias, residual and destination at the tile's first column.</param>
    /// <param name="gated">Whether the tile's right half multiplies silu of its left half.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="columns">Columns of the result, at most the tile's (or its half's).</param>
    /// <param name="half">Columns of each half of the tile; a multiple of the vector.</param>
    /// <param name="tile">[rows, 2 * half].</param>
    /// <param name="rowScales">[rows]: factors of the tile's rows, or null.</param>
    /// <param name="y">[rows, columns] with the row stride that follows.</param>
    /// <param name="yRowStride">Elements between rows of y.</param>
    [MethodImpl(Jit.Hot)]
    public static void Apply<TWidth, TVector>(
        in Epilogue epilogue, bool gated, int rows, int columns, int half, float* tile, float* rowScales, float* y, nint yRowStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var bias = epilogue.Bias;
        var residual = epilogue.Residual;
        var scale = TWidth.Broadcast(epilogue.Scale);
        var plain = !gated && bias == null && residual == null && epilogue.Activation == Activation.None && epilogue.Scale == 1;
        for (var row = 0; row < rows; row++, tile += 2 * half, y += yRowStride, residual += residual == null ? 0 : epilogue.ResidualRowStride)
        {
            var rowScale = TWidth.Broadcast(rowScales == null ? 1 : rowScales[row]);
            for (var j = 0; j < columns; j += TWidth.Count)
            {
                var count = columns - j;
                var value = TWidth.Multiply(TWidth.Load(tile + j), rowScale);
                if (!plain)
                {
                    if (bias != null)
                        value = TWidth.Add(value, LoadUpTo<TWidth, TVector>(bias + j, count));
                    if (gated)
                        value = TWidth.Multiply(SiluOperator.Invoke<TWidth, TVector>(value), TWidth.Multiply(TWidth.Load(tile + half + j), rowScale));
                    else if (epilogue.Activation == Activation.Gelu)
                        value = GeluOperator.Invoke<TWidth, TVector>(value);
                    else if (epilogue.Activation == Activation.Silu)
                        value = SiluOperator.Invoke<TWidth, TVector>(value);
                    value = residual == null ? TWidth.Multiply(value, scale)
                        : TWidth.MultiplyAdd(value, scale, LoadUpTo<TWidth, TVector>(residual + j, count));
                }

                if (count >= TWidth.Count)
                    TWidth.Store(value, y + j);
                else
                    Partial.Store<TWidth, TVector>(value, y + j, count);
            }
        }
    }

    [MethodImpl(Jit.Inline)]
    private static TVector LoadUpTo<TWidth, TVector>(float* source, int count)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => count >= TWidth.Count ? TWidth.Load(source) : Partial.Load<TWidth, TVector>(source, count);
}
