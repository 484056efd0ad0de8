// What happens to a piece of a row on its way into PreparedRows: norm, rounding to 8 bits.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal static unsafe class RowPieces
{
    /// <summary>y = x * factor * gain.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Normalize<TWidth, TVector>(float* row, float* gain, float factor, int count, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var factors = TWidth.Broadcast(factor);
        var i = 0;
        for (; i <= count - TWidth.Count; i += TWidth.Count)
            TWidth.Store(TWidth.Multiply(TWidth.Multiply(TWidth.Load(row + i), factors), TWidth.Load(gain + i)), y + i);
        if (i < count)
            TWidth.Store(Last<TWidth, TVector>(row + i, gain + i, factors, count - i), y + i);
    }

    /// <summary>The values, times factor and gain where there is one, divided by their scale and rounded, ties to even; zeros behind.</summary>
    /// <param name="flip">Combined with each byte by exclusive or.</param>
    /// <param name="count">Values.</param>
    /// <param name="room">Bytes to write, a multiple of any vector's lanes.</param>
    [MethodImpl(Jit.Hot)]
    public static void Round<TWidth, TVector>(float* row, float* gain, float factor, float inverse, byte flip, int count, int room, byte* bytes)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (factors, inverses, flips) = (TWidth.Broadcast(factor), TWidth.Broadcast(inverse), Vector128.Create(flip));
        var i = 0;
        if (gain == null)
        {
            for (; i <= count - TWidth.Count; i += TWidth.Count)
                TWidth.StoreBytes(TWidth.Multiply(TWidth.Load(row + i), inverses), flips, bytes + i);
        }
        else
        {
            for (; i <= count - TWidth.Count; i += TWidth.Count)
                TWidth.StoreBytes(TWidth.Multiply(TWidth.Multiply(TWidth.Multiply(TWidth.Load(row + i), factors), TWidth.Load(gain + i)), inverses), flips, bytes + i);
        }

        if (i < count)
        {
            TWidth.StoreBytes(TWidth.Multiply(Last<TWidth, TVector>(row + i, gain == null ? null : gain + i, factors, count - i), inverses), flips, bytes + i);
            i += TWidth.Count;
        }

        for (; i < room; i += TWidth.Count)
            TWidth.StoreBytes(TWidth.Zero, flips, bytes + i);
    }

    /// <summary>Sum of 32 or 64 signed bytes; at most 64 * 128, which fits 16 bits.</summary>
    public static int Sum(sbyte* values, int count)
    {
        var sum = Vector128<short>.Zero;
        for (var i = 0; i < count; i += 16)
        {
            var (lower, upper) = Vector128.Widen(Vector128.Load(values + i));
            sum += lower + upper;
        }

        return Vector128.Sum(sum);
    }

    private static TVector Last<TWidth, TVector>(float* row, float* gain, TVector factor, int count)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var value = Partial.Load<TWidth, TVector>(row, count);
        return gain == null ? value : TWidth.Multiply(TWidth.Multiply(value, factor), Partial.Load<TWidth, TVector>(gain, count));
    }
}
