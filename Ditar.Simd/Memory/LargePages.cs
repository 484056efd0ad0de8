// Memory in pages of 2 MB where Linux gives them to who asks. Weights are walked once per step from end to end: with pages of 4 KB every 64th cache line waits
// for an address to be translated, and the first touch of each page costs a call into the system. Elsewhere, and where it is refused, nothing changes.

using System.Runtime.InteropServices;

namespace Ditar.Simd;

internal static unsafe partial class LargePages
{
    /// <summary>Bytes of a large page on x64 and on arm64 with 4 KB base pages.</summary>
    public const nuint Size = 2 << 20;

    // Below this the end of the last page would waste more than is won.
    private const nuint LeastBytes = 2 * Size;

    // MADV_HUGEPAGE of madvise(2).
    private const int Advice = 14;

    /// <summary>Where a buffer of that many bytes should begin: on a large page when it fills some.</summary>
    public static nuint Alignment(nuint bytes, nuint otherwise) => OperatingSystem.IsLinux() && bytes >= LeastBytes ? Size : otherwise;

    /// <summary>Asks for large pages under memory that was not touched yet. A wish: whether it is granted does not matter.</summary>
    public static void Ask(void* memory, nuint bytes)
    {
        if (OperatingSystem.IsLinux() && bytes >= LeastBytes)
            _ = Advise(memory, bytes, Advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
