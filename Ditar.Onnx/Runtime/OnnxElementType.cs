// The element types that the graphs of this project use, in ONNX's own numbers. Others are read as what they are and can be neither fed nor read.

namespace Ditar.Onnx;

public enum OnnxElementType
{
    Undefined = 0,
    Float32 = 1,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Boolean = 9,
    Float16 = 10,
    Float64 = 11,
}

internal static class OnnxElement
{
    /// <exception cref="NotSupportedException">No graph of ours holds T.</exception>
    public static OnnxElementType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? OnnxElementType.Float32
        : typeof(T) == typeof(long) ? OnnxElementType.Int64
        : typeof(T) == typeof(Half) ? OnnxElementType.Float16
        : typeof(T) == typeof(double) ? OnnxElementType.Float64
        : typeof(T) == typeof(int) ? OnnxElementType.Int32
        : typeof(T) == typeof(bool) ? OnnxElementType.Boolean
        : throw new NotSupportedException($"Tensors of {typeof(T).Name} are not passed to ONNX Runtime.");
}
