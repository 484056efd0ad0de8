// Memory outside the collected heap: packed weights, caches and work areas. Aligned to cache lines, counted, and freed by Dispose or, where that
// was forgotten, by the finaliser. Contents are undefined at first.

using System.Runtime.InteropServices;

namespace Ditar.Simd;

/// <summary>A fixed piece of native memory, 64-byte aligned.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Every buffer starts on a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    private static long _bytesInUse;

    // Tests put their own memory here, in front of pages that nobody may touch; it stays theirs.
    [ThreadStatic]
    private static Func<nuint, nint>? _testSource;

    [ThreadStatic]
    private static long _bytesByThread;

    private readonly bool _borrowed;
    private nint _pointer;

    /// <summary>Allocates.</summary>
    /// <param name="bytes">How many; 0 is allowed.</param>
    /// <exception cref="OutOfMemoryException">The system has not as much.</exception>
    public NativeBuffer(nuint bytes)
    {
        _borrowed = _testSource is not null;
        if (_borrowed)
        {
            _pointer = _testSource!(bytes);
        }
        else
        {
            _pointer = (nint)NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), LargePages.Alignment(bytes, Alignment));
            LargePages.Ask((void*)_pointer, bytes);
        }

        Bytes = bytes;
        Interlocked.Add(ref _bytesInUse, (long)bytes);
        _bytesByThread += (long)bytes;
    }

    ~NativeBuffer() => Free();

    /// <summary>Where this thread's buffers come from, for tests; null for the system.</summary>
    internal static Func<nuint, nint>? TestSource
    {
        get => _testSource;
        set => _testSource = value;
    }

    /// <summary>Bytes of all buffers of this process that are not yet freed.</summary>
    public static long BytesInUse => Interlocked.Read(ref _bytesInUse);

    /// <summary>Bytes that this thread allocated less those that it freed: what a piece of code leaves behind is the difference it makes.</summary>
    internal static long BytesByThread => _bytesByThread;

    /// <summary>Its size.</summary>
    public nuint Bytes { get; }

    /// <summary>Its first byte.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public void* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer == 0, this);
            return (void*)_pointer;
        }
    }

    /// <summary>Its first element, as float32.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public float* Floats => (float*)Pointer;

    /// <summary>Sets all bytes to 0.</summary>
    public void Clear() => NativeMemory.Clear(Pointer, Bytes);

    /// <summary>Frees the memory; pointers into it are invalid from then on.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        var pointer = Interlocked.Exchange(ref _pointer, 0);
        if (pointer == 0)
            return;
        if (!_borrowed)
            NativeMemory.AlignedFree((void*)pointer);
        Interlocked.Add(ref _bytesInUse, -(long)Bytes);
        _bytesByThread -= (long)Bytes;
    }
}
