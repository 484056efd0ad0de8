// How wide the vectors are that the kernels of Ditar.Simd run on: the same questions to the runtime that they ask. Printed wherever speed is, so
// that a run on narrow vectors is seen for what it is.

using System.Runtime.Intrinsics;

namespace Ditar.Edge;

internal static class VectorBits
{
    public static int Width => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    public static string Name => Vector128.IsHardwareAccelerated ? $"{Width}-bit vectors" : "no vector instructions (slow)";
}
