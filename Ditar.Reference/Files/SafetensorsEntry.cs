// One tensor of a safetensors file: where it lies and how it is to be read.
namespace Ditar.Reference.Files;

/// <param name="Name">Its key in the header.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first; row-major. Empty for a single number.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Count">Number of elements: the product of the shape.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long Count)
{
    public long ByteLength => Count * Type.ByteSize();
}
