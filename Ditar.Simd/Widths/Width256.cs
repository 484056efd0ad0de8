// The 256-bit width: 8 float32 lanes. Assumes the 16 registers of AVX2: 12 accumulators, 2 vectors of B, 1 broadcast.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal readonly unsafe struct Width256 : IWidth<Vector256<float>>
{
    public static int Count => 8;

    public static int SkinnyRows => 6;

    public static int TileRows => 6;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Lanes(nint first) => Vector256<float>.Indices + Vector256.Create((float)first);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector256<float> value, float* destination) => Vector256.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Divide(Vector256<float> left, Vector256<float> right) => left / right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.MultiplyAddEstimate(left, right, addend);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Min(Vector256<float> left, Vector256<float> right) => Vector256.MinNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Vector256.MaxNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Sqrt(Vector256<float> value) => Vector256.Sqrt(value);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Abs(Vector256<float> value) => Vector256.Abs(value);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Negate(Vector256<float> value) => -value;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Round(Vector256<float> value) => Vector256.Round(value);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> LessThan(Vector256<float> left, Vector256<float> right) => Vector256.LessThan(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Equal(Vector256<float> left, Vector256<float> right) => Vector256.Equals(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Select(Vector256<float> mask, Vector256<float> whenTrue, Vector256<float> whenFalse) =>
        Vector256.ConditionalSelect(mask, whenTrue, whenFalse);

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> And(Vector256<float> left, Vector256<float> right) => left & right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Xor(Vector256<float> left, Vector256<float> right) => left ^ right;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Exponent(Vector256<float> value, out Vector256<float> significand)
    {
        var bits = value.AsInt32();
        significand = ((bits & Vector256.Create(0x007F_FFFF)) | Vector256.Create(0x3F80_0000)).AsSingle();
        return Vector256.ConvertToSingle((bits >> 23) - Vector256.Create(127));
    }

    [MethodImpl(Jit.Inline)]
    public static void StoreBytes(Vector256<float> value, Vector128<byte> flips, byte* bytes)
    {
        // Adding 1.5 * 2^23 leaves no room for a fraction: each lane's integer stands in its lowest byte.
        var lanes = (value + Vector256.Create(12582912f)).AsUInt32();
        var words = Vector128.Narrow(lanes.GetLower(), lanes.GetUpper());
        *(ulong*)bytes = (Vector128.Narrow(words, words) ^ flips).AsUInt64()[0];
    }

    [MethodImpl(Jit.Inline)]
    public static bool Any(Vector256<float> mask) => Vector256.ExtractMostSignificantBits(mask) != 0;

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> LowerHalf(Vector256<float> bits) => (bits.AsInt32() << 16).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> UpperHalf(Vector256<float> bits) => (bits.AsUInt32() & Vector256.Create(0xFFFF_0000u)).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> Scale(Vector256<float> value, Vector256<float> n)
    {
        // In two halves: 2^n itself may be out of range where value * 2^n is not, and the second product rounds correctly below the normal range.
        var whole = Vector256.ConvertToInt32Native(n);
        var half = whole >> 1;
        var bias = Vector256.Create(127);
        return value * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> SignIfOdd(Vector256<float> integer) => (Vector256.ConvertToInt32Native(integer) << 31).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector256<float> SwapPairs(Vector256<float> value) => Vector256.Shuffle(value, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));

    [MethodImpl(Jit.Inline)]
    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    [MethodImpl(Jit.Inline)]
    public static float MaxLane(Vector256<float> value)
    {
        return Width128.MaxLane(Vector128.MaxNative(value.GetLower(), value.GetUpper()));
    }
}
