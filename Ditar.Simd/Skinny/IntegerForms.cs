// The forms of 8-bit dot products; what they have in common is said at IIntegerForm.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

/// <summary>AVX-VNNI: unsigned bytes times signed bytes, four to a lane, without saturation on the way.</summary>
internal readonly unsafe struct VnniForm : IIntegerForm<Vector256<int>>
{
    public static int Count => 8;

    public static int WordsPerStep => 1;

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> Load(int* source) => Vector256.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector256<int> value, int* destination) => Vector256.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(Jit.Inline)]
    public static void LoadInt8(
        byte* left, byte* right, out Vector256<int> left0, out Vector256<int> left1, out Vector256<int> right0, out Vector256<int> right1)
    {
        left0 = Vector256.Load((int*)left);
        right0 = Vector256.Load((int*)right);
        left1 = right1 = default;
    }

    [MethodImpl(Jit.Inline)]
    public static void LoadInt4(
        byte* both, out Vector256<int> left0, out Vector256<int> left1, out Vector256<int> right0, out Vector256<int> right1)
    {
        var bytes = Vector256.Load((int*)both);
        var nibble = Vector256.Create(0x0F0F0F0F);
        left0 = bytes & nibble;
        right0 = (bytes >>> 4) & nibble;
        left1 = right1 = default;
    }

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> DotInt8(Vector256<int> sum, Vector256<int> weights0, Vector256<int> weights1, Vector256<int> x0, Vector256<int> x1) =>
        AvxVnni.MultiplyWideningAndAdd(sum, x0.AsByte(), weights0.AsSByte());

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> DotInt4(Vector256<int> sum, Vector256<int> weights0, Vector256<int> weights1, Vector256<int> x0, Vector256<int> x1) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights0.AsByte(), x0.AsSByte());

    [MethodImpl(Jit.Inline)]
    public static void AddScaled(Vector256<int> sum, float* scale, float* to, bool first)
    {
        var value = Vector256.ConvertToSingle(sum);
        var addend = first ? Vector256<float>.Zero : Vector256.Load(to);
        Vector256.Store(Vector256.MultiplyAddEstimate(value, Vector256.Load(scale), addend), to);
    }
}

/// <summary>AVX2: weights widened to 16 bits, adjacent products added by one instruction.</summary>
internal readonly unsafe struct PairsForm256 : IIntegerForm<Vector256<int>>
{
    public static int Count => 8;

    public static int WordsPerStep => 2;

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> Load(int* source) => Vector256.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector256<int> value, int* destination) => Vector256.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(Jit.Inline)]
    public static void LoadInt8(
        byte* left, byte* right, out Vector256<int> left0, out Vector256<int> left1, out Vector256<int> right0, out Vector256<int> right1)
    {
        var (first, second) = (Vector256.Load((short*)left), Vector256.Load((short*)right));
        left0 = ((first << 8) >> 8).AsInt32();
        left1 = (first >> 8).AsInt32();
        right0 = ((second << 8) >> 8).AsInt32();
        right1 = (second >> 8).AsInt32();
    }

    [MethodImpl(Jit.Inline)]
    public static void LoadInt4(
        byte* both, out Vector256<int> left0, out Vector256<int> left1, out Vector256<int> right0, out Vector256<int> right1)
    {
        var pairs = Vector256.Load((short*)both);
        var nibble = Vector256.Create((short)0x0F);
        left0 = (pairs & nibble).AsInt32();
        right0 = ((pairs >>> 4) & nibble).AsInt32();
        left1 = ((pairs >>> 8) & nibble).AsInt32();
        right1 = (pairs >>> 12).AsInt32();
    }

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> DotInt8(Vector256<int> sum, Vector256<int> weights0, Vector256<int> weights1, Vector256<int> x0, Vector256<int> x1) =>
        sum + (Avx2.MultiplyAddAdjacent(weights0.AsInt16(), x0.AsInt16()) + Avx2.MultiplyAddAdjacent(weights1.AsInt16(), x1.AsInt16()));

    [MethodImpl(Jit.Inline)]
    public static Vector256<int> DotInt4(Vector256<int> sum, Vector256<int> weights0, Vector256<int> weights1, Vector256<int> x0, Vector256<int> x1) =>
        DotInt8(sum, weights0, weights1, x0, x1);

    [MethodImpl(Jit.Inline)]
    public static void AddScaled(Vector256<int> sum, float* scale, float* to, bool first) => VnniForm.AddScaled(sum, scale, to, first);
}

/// <summary>128 bits: SSE2's multiply-add of adjacent pairs, elsewhere 16-bit products (two of at most 127 x 127 fit 16 bits) taken apart by shifts.</summary>
internal readonly unsafe struct PairsForm128 : IIntegerForm<Vector128<int>>
{
    public static int Count => 4;

    public static int WordsPerStep => 2;

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> Load(int* source) => Vector128.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector128<int> value, int* destination) => Vector128.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(Jit.Inline)]
    public static void LoadInt8(
        byte* left, byte* right, out Vector128<int> left0, out Vector128<int> left1, out Vector128<int> right0, out Vector128<int> right1)
    {
        var (first, second) = (Vector128.Load((short*)left), Vector128.Load((short*)right));
        left0 = ((first << 8) >> 8).AsInt32();
        left1 = (first >> 8).AsInt32();
        right0 = ((second << 8) >> 8).AsInt32();
        right1 = (second >> 8).AsInt32();
    }

    [MethodImpl(Jit.Inline)]
    public static void LoadInt4(
        byte* both, out Vector128<int> left0, out Vector128<int> left1, out Vector128<int> right0, out Vector128<int> right1)
    {
        var pairs = Vector128.Load((short*)both);
        var nibble = Vector128.Create((short)0x0F);
        left0 = (pairs & nibble).AsInt32();
        right0 = ((pairs >>> 4) & nibble).AsInt32();
        left1 = ((pairs >>> 8) & nibble).AsInt32();
        right1 = (pairs >>> 12).AsInt32();
    }

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> DotInt8(Vector128<int> sum, Vector128<int> weights0, Vector128<int> weights1, Vector128<int> x0, Vector128<int> x1)
    {
        if (Sse2.IsSupported)
            return sum + (Sse2.MultiplyAddAdjacent(weights0.AsInt16(), x0.AsInt16()) + Sse2.MultiplyAddAdjacent(weights1.AsInt16(), x1.AsInt16()));
        return TakenApart(sum, weights0, weights1, x0, x1);
    }

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> DotInt4(Vector128<int> sum, Vector128<int> weights0, Vector128<int> weights1, Vector128<int> x0, Vector128<int> x1) =>
        DotInt8(sum, weights0, weights1, x0, x1);

    /// <summary>The form that needs no instruction of its own: both halves of each lane's 16-bit sums, the lower one through the sign.</summary>
    [MethodImpl(Jit.Inline)]
    public static Vector128<int> TakenApart(Vector128<int> sum, Vector128<int> weights0, Vector128<int> weights1, Vector128<int> x0, Vector128<int> x1)
    {
        var pairs = ((weights0.AsInt16() * x0.AsInt16()) + (weights1.AsInt16() * x1.AsInt16())).AsInt32();
        return sum + ((pairs << 16) >> 16) + (pairs >> 16);
    }

    [MethodImpl(Jit.Inline)]
    public static void AddScaled(Vector128<int> sum, float* scale, float* to, bool first)
    {
        var value = Vector128.ConvertToSingle(sum);
        var addend = first ? Vector128<float>.Zero : Vector128.Load(to);
        Vector128.Store(Vector128.MultiplyAddEstimate(value, Vector128.Load(scale), addend), to);
    }
}

/// <summary>Arm's dot product: signed bytes times signed bytes, four to a lane.</summary>
internal readonly unsafe struct ArmDotForm : IIntegerForm<Vector128<int>>
{
    public static int Count => 4;

    public static int WordsPerStep => 1;

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> Load(int* source) => Vector128.Load(source);

    [MethodImpl(Jit.Inline)]
    public static void Store(Vector128<int> value, int* destination) => Vector128.Store(value, destination);

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(Jit.Inline)]
    public static void LoadInt8(
        byte* left, byte* right, out Vector128<int> left0, out Vector128<int> left1, out Vector128<int> right0, out Vector128<int> right1)
    {
        left0 = Vector128.Load((int*)left);
        right0 = Vector128.Load((int*)right);
        left1 = right1 = default;
    }

    [MethodImpl(Jit.Inline)]
    public static void LoadInt4(
        byte* both, out Vector128<int> left0, out Vector128<int> left1, out Vector128<int> right0, out Vector128<int> right1)
    {
        var bytes = Vector128.Load((int*)both);
        var nibble = Vector128.Create(0x0F0F0F0F);
        left0 = bytes & nibble;
        right0 = (bytes >>> 4) & nibble;
        left1 = right1 = default;
    }

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> DotInt8(Vector128<int> sum, Vector128<int> weights0, Vector128<int> weights1, Vector128<int> x0, Vector128<int> x1) =>
        Dp.DotProduct(sum, weights0.AsSByte(), x0.AsSByte());

    [MethodImpl(Jit.Inline)]
    public static Vector128<int> DotInt4(Vector128<int> sum, Vector128<int> weights0, Vector128<int> weights1, Vector128<int> x0, Vector128<int> x1) =>
        Dp.DotProduct(sum, weights0.AsSByte(), x0.AsSByte());

    [MethodImpl(Jit.Inline)]
    public static void AddScaled(Vector128<int> sum, float* scale, float* to, bool first) => PairsForm128.AddScaled(sum, scale, to, first);
}
