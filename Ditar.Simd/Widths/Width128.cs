// The 128-bit width: 4 float32 lanes. The width that every machine has. Assumes 16 registers: 12 accumulators, 2 vectors of B, 1 broadcast.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal readonly unsafe struct Width128 : IWidth<Vector128<float>>
{
    public static int Count => 4;

    public static int SkinnyRows => 6;

    public static int TileRows => 6;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Lanes(nint first) => Vector128<float>.Indices + Vector128.Create((float)first);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector128<float> value, float* destination) => Vector128.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Divide(Vector128<float> left, Vector128<float> right) => left / right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.MultiplyAddEstimate(left, right, addend);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Min(Vector128<float> left, Vector128<float> right) => Vector128.MinNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Max(Vector128<float> left, Vector128<float> right) => Vector128.MaxNative(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Sqrt(Vector128<float> value) => Vector128.Sqrt(value);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Abs(Vector128<float> value) => Vector128.Abs(value);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Negate(Vector128<float> value) => -value;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Round(Vector128<float> value) => Vector128.Round(value);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> LessThan(Vector128<float> left, Vector128<float> right) => Vector128.LessThan(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Equal(Vector128<float> left, Vector128<float> right) => Vector128.Equals(left, right);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Select(Vector128<float> mask, Vector128<float> whenTrue, Vector128<float> whenFalse) =>
        Vector128.ConditionalSelect(mask, whenTrue, whenFalse);

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> And(Vector128<float> left, Vector128<float> right) => left & right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Xor(Vector128<float> left, Vector128<float> right) => left ^ right;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Exponent(Vector128<float> value, out Vector128<float> significand)
    {
        var bits = value.AsInt32();
        significand = ((bits & Vector128.Create(0x007F_FFFF)) | Vector128.Create(0x3F80_0000)).AsSingle();
        return Vector128.ConvertToSingle((bits >> 23) - Vector128.Create(127));
    }

    [MethodImpl(Jit.Inline)]
    public static void StoreBytes(Vector128<float> value, Vector128<byte> flips, byte* bytes)
    {
        // Adding 1.5 * 2^23 leaves no room for a fraction: each lane's integer stands in its lowest byte.
        var lanes = (value + Vector128.Create(12582912f)).AsUInt32();
        var words = Vector128.Narrow(lanes, lanes);
        *(uint*)bytes = (Vector128.Narrow(words, words) ^ flips).AsUInt32()[0];
    }

    [MethodImpl(Jit.Inline)]
    public static bool Any(Vector128<float> mask) => Vector128.ExtractMostSignificantBits(mask) != 0;

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> LowerHalf(Vector128<float> bits) => (bits.AsInt32() << 16).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> UpperHalf(Vector128<float> bits) => (bits.AsUInt32() & Vector128.Create(0xFFFF_0000u)).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> Scale(Vector128<float> value, Vector128<float> n)
    {
        // In two halves: 2^n itself may be out of range where value * 2^n is not, and the second product rounds correctly below the normal range.
        var whole = Vector128.ConvertToInt32Native(n);
        var half = whole >> 1;
        var bias = Vector128.Create(127);
        return value * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> SignIfOdd(Vector128<float> integer) => (Vector128.ConvertToInt32Native(integer) << 31).AsSingle();

    [MethodImpl(Jit.Inline)]
    public static Vector128<float> SwapPairs(Vector128<float> value) => Vector128.Shuffle(value, Vector128.Create(1, 0, 3, 2));

    [MethodImpl(Jit.Inline)]
    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    [MethodImpl(Jit.Inline)]
    public static float MaxLane(Vector128<float> value)
    {
        var two = Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)))[0];
    }
}
