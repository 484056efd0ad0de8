// Where weights come from when they are packed: rows of float32 or of bfloat16 in memory, or rows that are quantised already.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>A matrix [outputs, inputs] whose rows can be read piecewise, as float32 or rounded to bfloat16.</summary>
internal unsafe interface IWeightRows
{
    void Read(int output, int first, int count, float* to);

    void Round(int output, int first, int count, ushort* to);
}

internal readonly unsafe struct Float32Rows(float* weights, int inputs) : IWeightRows
{
    [MethodImpl(Jit.Inline)]
    public void Read(int output, int first, int count, float* to) =>
        Unsafe.CopyBlockUnaligned(to, weights + ((nint)output * inputs) + first, (uint)count * sizeof(float));

    [MethodImpl(Jit.Inline)]
    public void Round(int output, int first, int count, ushort* to)
    {
        var from = weights + ((nint)output * inputs) + first;
        for (var i = 0; i < count; i++)
            to[i] = BFloat16Bits.FromSingle(from[i]);
    }
}

internal readonly unsafe struct BFloat16Rows(ushort* weights, int inputs) : IWeightRows
{
    [MethodImpl(Jit.Inline)]
    public void Read(int output, int first, int count, float* to)
    {
        var from = weights + ((nint)output * inputs) + first;
        var i = 0;
        for (; i <= count - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            var halves = Vector128.Load(from + i);
            Vector128.Store(Vector128.WidenLower(halves) << 16, (uint*)to + i);
            Vector128.Store(Vector128.WidenUpper(halves) << 16, (uint*)to + i + Vector128<uint>.Count);
        }

        for (; i < count; i++)
            to[i] = BFloat16Bits.ToSingle(from[i]);
    }

    [MethodImpl(Jit.Inline)]
    public void Round(int output, int first, int count, ushort* to) =>
        Unsafe.CopyBlockUnaligned(to, weights + ((nint)output * inputs) + first, (uint)count * sizeof(ushort));
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal static class BFloat16Bits
{
    [MethodImpl(Jit.Inline)]
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>To nearest, ties to even; what has no more than 8 significant bits is kept as it is. NaN stays NaN.</summary>
    [MethodImpl(Jit.Inline)]
    public static ushort FromSingle(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // A NaN must not round to infinity or into the sign; where its upper half would look like infinity, a bit is set.
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | ((bits & 0x007F_0000) == 0 ? 1u : 0));
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
