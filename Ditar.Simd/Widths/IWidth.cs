// The one place where kernels meet a vector width. A kernel is written once, generic over a width and its vector type, and the compiler
// makes a copy per width: TVector is the runtime's own Vector512/256/128<float>, so the copy is the code one would write by hand.
// Masks are vectors of all-ones or all-zeros lanes. Operations that the kernels do not use are left out.

using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>Float32 vector operations of one width.</summary>
/// <typeparam name="TVector">The vector type: <c>Vector512&lt;float&gt;</c>, <c>Vector256&lt;float&gt;</c> or <c>Vector128&lt;float&gt;</c>.</typeparam>
internal unsafe interface IWidth<TVector>
    where TVector : unmanaged
{
    /// <summary>Lanes per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Rows of a matrix tile that is two vectors wide: the accumulators, two vectors of B and a broadcast must fit the registers.</summary>
    static abstract int TileRows { get; }

    /// <summary>The most rows of such a tile where few rows are all there is: 2 accumulators each, 2 vectors of weights, 1 broadcast.</summary>
    static abstract int SkinnyRows { get; }

    static abstract TVector Zero { get; }

    /// <summary>first, first + 1, first + 2, ...: exact up to 2^24.</summary>
    static abstract TVector Lanes(nint first);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left * right + addend; one rounding where the machine has fused multiply-add, two where it has not.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The machine's own minimum. NaN in <paramref name="right"/> comes through; NaN in <paramref name="left"/> may not.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary>The machine's own maximum. NaN in <paramref name="right"/> comes through; NaN in <paramref name="left"/> may not.</summary>
    static abstract TVector Max(TVector left, TVector right);

    static abstract TVector Sqrt(TVector value);

    static abstract TVector Abs(TVector value);

    static abstract TVector Negate(TVector value);

    /// <summary>To the nearest integer, ties to even.</summary>
    static abstract TVector Round(TVector value);

    static abstract TVector LessThan(TVector left, TVector right);

    static abstract TVector Equal(TVector left, TVector right);

    /// <summary>Lane-wise <c>mask ? whenTrue : whenFalse</c>.</summary>
    static abstract TVector Select(TVector mask, TVector whenTrue, TVector whenFalse);

    static abstract TVector And(TVector left, TVector right);

    static abstract TVector Xor(TVector left, TVector right);

    /// <summary>Each lane's lower 16 bits moved to the upper half, zeros below: the bfloat16 number that stands there, as float32.</summary>
    static abstract TVector LowerHalf(TVector bits);

    /// <summary>Each lane's upper 16 bits, zeros below: the bfloat16 number that stands there, as float32.</summary>
    static abstract TVector UpperHalf(TVector bits);

    /// <summary>value * 2^n, rounded once, for integer lanes n in [-252, 254].</summary>
    static abstract TVector Scale(TVector value, TVector n);

    /// <summary>The exponent e and the significand in [1, 2) of positive normal lanes: value = significand * 2^e.</summary>
    static abstract TVector Exponent(TVector value, out TVector significand);

    /// <summary>The sign bit alone where the integer-valued lane is odd, zero elsewhere: to be combined by Xor.</summary>
    static abstract TVector SignIfOdd(TVector integer);

    /// <summary>Rounds lanes in [-127.5, 127.5], ties to even, to one signed byte each. Of other lanes, NaN too, the byte is left open.</summary>
    /// <param name="value">The lanes.</param>
    /// <param name="flips">Combined with the bytes by exclusive or.</param>
    /// <param name="bytes">As many as there are lanes.</param>
    static abstract void StoreBytes(TVector value, Vector128<byte> flips, byte* bytes);

    /// <summary>Whether any lane of the mask is set.</summary>
    static abstract bool Any(TVector mask);

    /// <summary>Pairs (0,1), (2,3), ... exchanged.</summary>
    static abstract TVector SwapPairs(TVector value);

    static abstract float Sum(TVector value);

    static abstract float MaxLane(TVector value);
}
