// Where a command will write, looked at before it computes for minutes.

namespace Ditar.Parity;

internal static class Destination
{
    /// <exception cref="IOException">There is no such folder, or the file is one.</exception>
    public static void Require(string file)
    {
        if (Directory.Exists(file)) throw new IOException($"Cannot write {file}: it is a folder.");
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder)) throw new IOException($"Cannot write {file}: there is no folder {folder}.");
    }
}
