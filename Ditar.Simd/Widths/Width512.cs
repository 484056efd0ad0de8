// The 512-bit width: 16 float32 lanes. Machines that have it have 32 registers: 24 accumulators, 2 vectors of B, 1 broadcast.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal readonly unsafe struct Width512 : IWidth<Vector512<float>>
{
    public static int Count => 16;

    public static int SkinnyRows => 14;

    public static int TileRows => 12;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Lanes(nint first) => Vector512<float>.Indices + Vector512.Create((float)first);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector512<float> value, float* destination) => Vector512.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Divide(Vector512<float> left, Vector512<float> right) => left / right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Vector512.MultiplyAddEstimate(left, right, addend);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Min(Vector512<float> left, Vector512<float> right) => Vector512.MinNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Max(Vector512<float> left, Vector512<float> right) => Vector512.MaxNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Sqrt(Vector512<float> value) => Vector512.Sqrt(value);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Abs(Vector512<float> value) => Vector512.Abs(value);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Negate(Vector512<float> value) => -value;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Round(Vector512<float> value) => Vector512.Round(value);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> LessThan(Vector512<float> left, Vector512<float> right) => Vector512.LessThan(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Equal(Vector512<float> left, Vector512<float> right) => Vector512.Equals(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Select(Vector512<float> mask, Vector512<float> whenTrue, Vector512<float> whenFalse) =>
        Vector512.ConditionalSelect(mask, whenTrue, whenFalse);

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> And(Vector512<float> left, Vector512<float> right) => left & right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Xor(Vector512<float> left, Vector512<float> right) => left ^ right;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Exponent(Vector512<float> value, out Vector512<float> significand)
    {
        var bits = value.AsInt32();
        significand = ((bits & Vector512.Create(0x007F_FFFF)) | Vector512.Create(0x3F80_0000)).AsSingle();
        return Vector512.ConvertToSingle((bits >> 23) - Vector512.Create(127));
    }

    [MethodImpl(Jit.Inline)]
    public static void StoreBytes(Vector512<float> value, Vector128<byte> flips, byte* bytes)
    {
        if (Avx512F.IsSupported)
        {
            Vector128.Store(Avx512F.ConvertToVector128Byte(Avx512F.ConvertToVector512Int32(value)) ^ flips, bytes);
            return;
        }

        Width256.StoreBytes(value.GetLower(), flips, bytes);
        Width256.StoreBytes(value.GetUpper(), flips, bytes + Width256.Count);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Any(Vector512<float> mask) => Vector512.ExtractMostSignificantBits(mask) != 0;

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> LowerHalf(Vector512<float> bits) => (bits.AsInt32() << 16).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> UpperHalf(Vector512<float> bits) => (bits.AsUInt32() & Vector512.Create(0xFFFF_0000u)).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> Scale(Vector512<float> value, Vector512<float> n)
    {
        if (Avx512F.IsSupported)
            return Avx512F.Scale(value, n);

        // In two halves: 2^n itself may be out of range where value * 2^n is not, and the second product rounds correctly below the normal range.
        var whole = Vector512.ConvertToInt32Native(n);
        var half = whole >> 1;
        var bias = Vector512.Create(127);
        return value * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> SignIfOdd(Vector512<float> integer) => (Vector512.ConvertToInt32Native(integer) << 31).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector512<float> SwapPairs(Vector512<float> value) => Vector512.Shuffle(value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));

    [MethodImpl(Jit.Inline)]
    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    [MethodImpl(Jit.Inline)]
    public static float MaxLane(Vector512<float> value)
    {
        return Width256.MaxLane(Vector256.MaxNative(value.GetLower(), value.GetUpper()));
    }
}
