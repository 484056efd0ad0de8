// Asking for memory before it is needed. A hint: it never faults and never changes a result.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal static unsafe class Cache
{
    /// <summary>Into all caches: needed within a few hundred cycles.</summary>
    [MethodImpl(Jit.Inline)]
    public static void PrefetchNear(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>Into the second-level cache, leaving the first to what is being computed on.</summary>
    [MethodImpl(Jit.Inline)]
    public static void PrefetchFar(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }
}
