// manifest.json of an exported model that cannot be used as it is.

using Ditar.Reference.Files;

namespace Ditar.Onnx;

public sealed class ExportManifestException : MalformedFileException
{
    /// <param name="file">Path of the manifest.</param>
    /// <param name="part">The key at fault, or null.</param>
    public ExportManifestException(string file, string? part, string expected, string found, Exception? inner = null)
        : base(file, part, expected, found, inner)
    {
    }
}
