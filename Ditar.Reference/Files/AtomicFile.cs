// Replaces a file as a whole or not at all: the new content goes to "<name>.partial" in the same folder, is flushed to the disk, and only then
// renamed over the old file. A writer that is killed or runs out of space leaves the old file as it was.
// Left out: flushing the folder itself, for which .NET has no call; after a power cut the old file may still be there, but never half a file.
namespace Ditar.Reference.Files;

public static class AtomicFile
{
    private const int BufferBytes = 1 << 16;

    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="write">Writes the content; when it throws, the target is untouched and the partial file is deleted.</param>
    /// <exception cref="IOException">The folder is missing, the disk is full, or another writer is at work on the same file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        // One fixed name: the leftover of a killed run is overwritten by the next instead of piling up, and two writers at once exclude each other.
        var partial = path + ".partial";
        var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var copy = content.ToArray();
        Write(path, stream => stream.Write(copy));
    }
}
