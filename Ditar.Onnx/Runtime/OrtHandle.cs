// Everything ONNX Runtime gives away is held by a handle that gives it back once, on disposal or by the finaliser. How many are alive is counted, for the
// tests that look for leaks.

using System.Runtime.InteropServices;

namespace Ditar.Onnx;

internal sealed unsafe class OrtHandle : SafeHandle
{
    private const long WorthTelling = 1 << 16;

    private static long alive;

    private readonly OrtFunction release;
    private long weight;

    /// <param name="release">The table's function that takes the object back.</param>
    public OrtHandle(OrtApi api, nint value, OrtFunction release) : base(0, ownsHandle: true)
    {
        Api = api;
        this.release = release;
        SetHandle(value);
        Interlocked.Increment(ref alive);
    }

    /// <summary>Handles that have not been given back.</summary>
    public static long Alive => Interlocked.Read(ref alive);

    public OrtApi Api { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The native object; the caller keeps this handle alive while it is used.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    /// <summary>Tells the collector what hangs on this small object, so that one that is dropped without disposal is not dropped late.</summary>
    /// <param name="bytes">Native memory; called once.</param>
    public void Weigh(long bytes)
    {
        if (bytes < WorthTelling) return;
        weight = bytes;
        GC.AddMemoryPressure(bytes);
    }

    protected override bool ReleaseHandle()
    {
        if (weight > 0) GC.RemoveMemoryPressure(weight);
        ((delegate* unmanaged<nint, void>)Api[release])(handle);
        Interlocked.Decrement(ref alive);
        return true;
    }
}
