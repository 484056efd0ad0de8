// The choice of the vector width, in one place: the widest that the machine accelerates. A work item is a struct that holds a kernel's
// arguments; its Run is generic over the width and compiled once per width that is used.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>A kernel call that can run at any width.</summary>
internal interface IVectorWork
{
    void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

internal static class Vectors
{
    /// <summary>Bits of the vectors that kernels use in this process.</summary>
    public static int Bits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>Lanes of them.</summary>
    public static int Lanes => Bits / 32;

    /// <summary>A number of values made up to whole vectors.</summary>
    public static int Padded(int values) => checked((values + Lanes - 1) / Lanes * Lanes);

    [MethodImpl(Jit.Inline)]
    public static void Run<TWork>(TWork work)
        where TWork : struct, IVectorWork
    {
        // 512 bits where the runtime calls it accelerated (it leaves out machines that slow down for it), then 256, and 128 everywhere.
        if (Vector512.IsHardwareAccelerated)
            work.Run<Width512, Vector512<float>>();
        else if (Vector256.IsHardwareAccelerated)
            work.Run<Width256, Vector256<float>>();
        else
            work.Run<Width128, Vector128<float>>();
    }
}
