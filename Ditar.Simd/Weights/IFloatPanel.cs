// How two vectors of weights, one input's part of a panel, lie in memory: as float32 side by side, or as bfloat16 in the two halves of
// 32-bit lanes. The halves are taken apart by one shift and one mask, so two vectors cost two simple instructions and one load.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>The storage of panels whose products are summed in float32.</summary>
internal unsafe interface IFloatPanel
{
    /// <summary>Bytes per input of two vectors with this many lanes.</summary>
    static abstract int StepBytes(int lanes);

    static abstract void Load<TWidth, TVector>(byte* source, out TVector left, out TVector right)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

internal readonly unsafe struct Float32Panel : IFloatPanel
{
    [MethodImpl(Jit.Inline)]
    public static int StepBytes(int lanes) => 2 * lanes * sizeof(float);

    [MethodImpl(Jit.Inline)]
    public static void Load<TWidth, TVector>(byte* source, out TVector left, out TVector right)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        left = TWidth.Load((float*)source);
        right = TWidth.Load((float*)source + TWidth.Count);
    }
}

/// <summary>The left vector in the lower halves, the right one in the upper halves.</summary>
internal readonly unsafe struct BFloat16Panel : IFloatPanel
{
    [MethodImpl(Jit.Inline)]
    public static int StepBytes(int lanes) => 2 * lanes * sizeof(ushort);

    [MethodImpl(Jit.Inline)]
    public static void Load<TWidth, TVector>(byte* source, out TVector left, out TVector right)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var both = TWidth.Load((float*)source);
        left = TWidth.LowerHalf(both);
        right = TWidth.UpperHalf(both);
    }
}
