// One tensor of a file of weights: where it lies and how it is to be read.
namespace Ditar.Reference.Files;

/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first. Empty for a single number.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Count">Number of elements: the product of the shape.</param>
public sealed record WeightEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long Count)
{
    /// <summary>Distance of neighbours along each axis, in elements; null when the tensor is row-major without gaps, as nearly all are.</summary>
    public IReadOnlyList<long>? Strides { get; init; }

    public long ByteLength => Count * Type.ByteSize();
}
