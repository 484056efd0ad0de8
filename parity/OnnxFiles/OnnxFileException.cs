// An .onnx file that is not one.

using Ditar.Reference.Files;

namespace Ditar.Parity.OnnxFiles;

public sealed class OnnxFileException : MalformedFileException
{
    /// <param name="part">Where in the file, or null.</param>
    public OnnxFileException(string file, string? part, string expected, string found, Exception? inner = null)
        : base(file, part, expected, found, inner)
    {
    }
}
