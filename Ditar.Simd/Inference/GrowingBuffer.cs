// Work memory of a session: as large as the largest request so far, so that a session that has warmed up allocates nothing.

namespace Ditar.Simd;

internal sealed unsafe class GrowingBuffer : IDisposable
{
    private NativeBuffer? _buffer;
    private bool _disposed;

    /// <summary>Bytes held.</summary>
    public long Bytes => (long)(_buffer?.Bytes ?? 0);

    /// <summary>Room for this many values; what was there before is lost when it grows.</summary>
    public float* Floats(long length) => (float*)Memory(checked((nuint)length * sizeof(float)));

    /// <summary>Room for this many bytes; what was there before is lost when it grows.</summary>
    public void* Memory(nuint bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_buffer is null || _buffer.Bytes < bytes)
        {
            _buffer?.Dispose();
            _buffer = null;
            _buffer = new NativeBuffer(bytes);
        }

        return _buffer.Pointer;
    }

    public void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
        _disposed = true;
    }
}
