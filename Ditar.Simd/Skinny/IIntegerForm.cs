// What a machine offers for sums of 8-bit products, one form per instruction set. All forms compute the same exact integers, so results have
// equal bits everywhere.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

/// <summary>The forms by rank, best first. They are chosen once per process, because packed weights and prepared rows depend on the choice.</summary>
internal enum IntegerForm
{
    /// <summary>AVX-VNNI: four products per lane in one instruction.</summary>
    Vnni,

    /// <summary>Arm's dot product: the same in 128 bits.</summary>
    ArmDot,

    /// <summary>AVX2: multiply-add of adjacent 16-bit pairs, weights widened.</summary>
    Pairs256,

    /// <summary>The same in 128 bits with SSE2, or 16-bit products taken apart by shifts, which any machine can do.</summary>
    Pairs128,
}

internal static class IntegerForms
{
    public static IntegerForm Best => Vector256.IsHardwareAccelerated && AvxVnni.IsSupported ? IntegerForm.Vnni
        : Dp.IsSupported ? IntegerForm.ArmDot
        : Vector256.IsHardwareAccelerated && Avx2.IsSupported ? IntegerForm.Pairs256
        : IntegerForm.Pairs128;

    /// <summary>Whether int8 activations are stored with 128 added: each column then starts from -128 times the sum of its weights.</summary>
    public static bool Unsigned => Best == IntegerForm.Vnni;

    /// <summary>Words of activations per four inputs.</summary>
    public static int WordsPerStep => Best is IntegerForm.Vnni or IntegerForm.ArmDot ? 1 : 2;

    /// <summary>Most rows of a tile: 12 sums of 16 registers; 8 where weights are widened and take two more vectors.</summary>
    public static int MostRows => Best is IntegerForm.Vnni or IntegerForm.ArmDot ? 6 : 4;
}

/// <summary>Dot products of four 8-bit weights with four 8-bit activations per 32-bit lane.</summary>
/// <typeparam name="TVector">The vector type: <c>Vector256&lt;int&gt;</c> or <c>Vector128&lt;int&gt;</c>.</typeparam>
internal unsafe interface IIntegerForm<TVector>
    where TVector : unmanaged
{
    /// <summary>32-bit lanes per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Words of activations per four inputs: 1 where they stay bytes, 2 where they are widened to 16 bits (inputs 0 and 2, then 1 and 3).</summary>
    static abstract int WordsPerStep { get; }

    static abstract TVector Load(int* source);

    static abstract void Store(TVector value, int* destination);

    static abstract TVector Broadcast(int value);

    /// <summary>Two int8 vectors of weights. A widening form gives inputs 0 and 2 first, 1 and 3 second; other forms leave the second out.</summary>
    static abstract void LoadInt8(byte* left, byte* right, out TVector left0, out TVector left1, out TVector right0, out TVector right1);

    /// <summary>The same from nibbles: the low ones are the left vector, the high ones the right vector, both 0..15.</summary>
    static abstract void LoadInt4(byte* both, out TVector left0, out TVector left1, out TVector right0, out TVector right1);

    /// <summary>sum + int8 weights * activations.</summary>
    static abstract TVector DotInt8(TVector sum, TVector weights0, TVector weights1, TVector x0, TVector x1);

    /// <summary>sum + nibbles 0..15 * signed activations.</summary>
    static abstract TVector DotInt4(TVector sum, TVector weights0, TVector weights1, TVector x0, TVector x1);

    /// <summary>to = (first ? 0 : to) + sum * scale, as float32, one vector of lanes.</summary>
    static abstract void AddScaled(TVector sum, float* scale, float* to, bool first);
}
