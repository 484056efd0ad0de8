// A tensor that ONNX Runtime reads or wrote. Inputs lie in pinned managed memory and are not copied; outputs lie in the runtime's own memory, can be read
// in place and fed to another run as they are, which is how the key and value caches travel from step to step.

using System.Buffers;

namespace Ditar.Onnx;

public sealed unsafe class OnnxTensor : IDisposable
{
    private readonly OrtHandle handle;
    private readonly long[] shape;
    private MemoryHandle pin;

    private OnnxTensor(OrtHandle handle, OnnxElementType type, long[] shape, MemoryHandle pin = default)
    {
        (this.handle, Type, this.shape, this.pin) = (handle, type, shape, pin);
        Count = Elements(shape);
    }

    public OnnxElementType Type { get; }

    public ReadOnlySpan<long> Shape => shape;

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    internal OrtHandle Handle => handle;

    /// <summary>A tensor over the caller's memory, pinned until disposal; what is written there later is what the next run reads.</summary>
    /// <exception cref="ArgumentException">The shape does not hold that many values.</exception>
    public static OnnxTensor Over<T>(OnnxLibrary library, Memory<T> memory, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(library);
        var type = OnnxElement.Of<T>();
        var extents = shape.ToArray();
        if (Elements(extents) != memory.Length) throw new ArgumentException($"Shape [{string.Join(", ", extents)}] holds {Elements(extents)} values, {memory.Length} were given.", nameof(shape));

        // Nothing at all has no address, but the runtime wants one.
        var pin = (memory.Length > 0 ? memory : new T[1]).Pin();
        nint value;
        fixed (long* first = extents)
        {
            long none;
            var status = ((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)library.Api[OrtFunction.CreateTensorWithDataAsOrtValue])(
                library.CpuMemory.Value, pin.Pointer, checked((nuint)memory.Length * (nuint)sizeof(T)), first == null ? &none : first, (nuint)extents.Length, (int)type, &value);
            if (status != 0) pin.Dispose();
            library.Api.Check(status);
        }

        return new OnnxTensor(new OrtHandle(library.Api, value, OrtFunction.ReleaseValue), type, extents, pin);
    }

    /// <summary>A tensor over memory of its own, all zeros.</summary>
    public static OnnxTensor Allocate<T>(OnnxLibrary library, params ReadOnlySpan<long> shape) where T : unmanaged =>
        Over<T>(library, GC.AllocateArray<T>(Elements(shape), pinned: true), shape);

    /// <summary>A tensor that holds a copy of values.</summary>
    public static OnnxTensor From<T>(OnnxLibrary library, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape) where T : unmanaged =>
        Over<T>(library, values.ToArray(), shape);

    /// <summary>The elements, row-major, in place; valid until disposal.</summary>
    /// <exception cref="InvalidOperationException">T is not the element type.</exception>
    public Span<T> Values<T>() where T : unmanaged
    {
        if (OnnxElement.Of<T>() != Type) throw new InvalidOperationException($"The tensor holds {Type}, asked for {typeof(T).Name}.");
        void* data;
        handle.Api.Check(((delegate* unmanaged<nint, void**, nint>)handle.Api[OrtFunction.GetTensorMutableData])(handle.Value, &data));
        return new Span<T>(data, Count);
    }

    public override string ToString() => $"{Type} [{string.Join(", ", shape)}]";

    public void Dispose()
    {
        handle.Dispose();
        pin.Dispose();
        pin = default;
    }

    /// <summary>Takes over what a run wrote.</summary>
    internal static OnnxTensor Take(OrtHandle handle)
    {
        nint info;
        var api = handle.Api;
        api.Check(((delegate* unmanaged<nint, nint*, nint>)api[OrtFunction.GetTensorTypeAndShape])(handle.Value, &info));
        using var described = new OrtHandle(api, info, OrtFunction.ReleaseTensorTypeAndShapeInfo);
        var (type, shape) = Describe(api, info);
        // Four bytes an element is near enough for all types of ours.
        handle.Weigh(4L * Elements(shape));
        return new OnnxTensor(handle, type, shape);
    }

    internal static (OnnxElementType Type, long[] Shape) Describe(OrtApi api, nint info)
    {
        int type;
        api.Check(((delegate* unmanaged<nint, int*, nint>)api[OrtFunction.GetTensorElementType])(info, &type));
        var shape = new long[api.Count(OrtFunction.GetDimensionsCount, info)];
        fixed (long* first = shape) api.Check(((delegate* unmanaged<nint, long*, nuint, nint>)api[OrtFunction.GetDimensions])(info, first, (nuint)shape.Length));
        return ((OnnxElementType)type, shape);
    }

    private static int Elements(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            count = checked(count * extent);
        }

        return checked((int)count);
    }
}
