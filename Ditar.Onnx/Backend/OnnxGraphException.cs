// A graph of an export folder that is not what the manifest or the model say: other inputs or outputs, another shape, or a file that cannot be loaded.

using Ditar.Reference.Files;

namespace Ditar.Onnx;

public sealed class OnnxGraphException : MalformedFileException
{
    /// <param name="file">Path of the graph or the manifest.</param>
    /// <param name="tensor">The input or output at fault, or null for the whole file.</param>
    public OnnxGraphException(string file, string? tensor, string expected, string found, Exception? inner = null)
        : base(file, tensor is null ? null : "tensor " + Quote(tensor), expected, found, inner) => Tensor = tensor;

    public string? Tensor { get; }
}
