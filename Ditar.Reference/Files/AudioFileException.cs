// A WAV file that cannot be read: not RIFF, a codec that is not plain samples, or longer than the caller allows.
namespace Ditar.Reference.Files;

public sealed class AudioFileException : MalformedFileException
{
    /// <param name="file">Path, or the name given to the stream.</param>
    /// <param name="chunk">The chunk at fault, or null for the file as a whole.</param>
    public AudioFileException(string file, string? chunk, string expected, string found, Exception? inner = null)
        : base(file, chunk is null ? null : $"chunk \"{chunk}\"", expected, found, inner)
    {
    }
}
