// A part of a checkpoint folder (config.json, *.safetensors, tokenizer.json) that cannot be used as it is.
namespace Ditar.Reference.Files;

public sealed class CheckpointException : MalformedFileException
{
    /// <param name="file">Path of the file.</param>
    /// <param name="tensor">Name of the tensor, or null when the fault is not in one tensor.</param>
    /// <param name="expected">What a good file holds there.</param>
    /// <param name="found">What this file holds.</param>
    public CheckpointException(string file, string? tensor, string expected, string found, Exception? inner = null)
        : base(file, tensor is null ? null : "tensor " + Quote(tensor), expected, found, inner) => Tensor = tensor;

    public string? Tensor { get; }

    /// <summary>A shape as it reads in messages: [2, 3, 4].</summary>
    public static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
