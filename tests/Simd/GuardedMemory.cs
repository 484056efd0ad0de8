// Memory that ends in front of a page that nobody may touch: a kernel that reads or writes one byte beyond ends the process. Linux only; elsewhere the
// canaries of the other tests have to do.

using System.Runtime.InteropServices;

namespace Ditar.Tests.Simd;

internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, NoAccess = 0, PrivateAnonymous = 0x22;
    private readonly nuint _length;
    private readonly byte* _start;

    /// <param name="bytes">The memory ends after exactly as many.</param>
    public GuardedMemory(nuint bytes)
    {
        var page = (nuint)Environment.SystemPageSize;
        var body = (bytes + page - 1) / page * page;
        _length = body + page;
        var start = Map(null, _length, ReadWrite, PrivateAnonymous, -1, 0);
        if (start == -1 || Protect((byte*)start + body, page, NoAccess) != 0)
            throw new InvalidOperationException("Pages could not be mapped.");
        _start = (byte*)start;
        Pointer = _start + body - bytes;
    }

    /// <summary>The first of the bytes.</summary>
    public byte* Pointer { get; }

    public void Dispose() => _ = Unmap(_start, _length);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
