// Asking for memory before it is needed. A hint: it never faults and never changes a result.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal static unsafe class Cache
{
    [MethodImpl(Jit.Inline)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }
}
