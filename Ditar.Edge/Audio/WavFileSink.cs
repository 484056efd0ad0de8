// Sound into a WAV file. It grows as "<name>.partial", which is at any moment a valid WAV of about all samples so far (see WavWriter), and takes its
// name when it is complete or stopped by the user; a run that fails deletes it, and an older file of the name stays as it was until then.
// An empty file, a device or a pipe is written in place: there is nothing to lose, and replacing a device node by a file would be a disaster.

using Ditar.Reference.Files;

namespace Ditar.Edge;

internal sealed class WavFileSink : ISpeechSink
{
    private readonly string target;
    private readonly string? partial;
    private readonly FileStream stream;
    private readonly WavWriter writer;
    private bool kept;

    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public WavFileSink(string path, int sampleRate)
    {
        Name = path;
        var file = new FileInfo(path);
        if (Directory.Exists(path)) throw new IOException($"cannot write {path}: it is a folder");
        if (file.Directory is { Exists: false } folder) throw new IOException($"cannot write {path}: there is no folder {folder.FullName}");
        target = file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        if (!File.Exists(target) || new FileInfo(target).Length > 0)
        {
            RequireWritable(target);
            partial = target + ".partial";
        }

        // No large buffer: what was appended must be in the file when the process ends.
        stream = new FileStream(partial ?? target, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            writer = new WavWriter(stream, sampleRate);
        }
        catch
        {
            Discard();
            throw;
        }
    }

    public string Name { get; }

    /// <summary>Samples that 16 bits could not hold.</summary>
    public long ClippedSamples => writer.ClippedSamples;

    public void Append(ReadOnlySpan<float> samples) => writer.Append(samples);

    public void Keep()
    {
        if (writer.Samples == 0) return;
        writer.Dispose();
        if (partial is not null) File.Move(partial, target, overwrite: true);
        kept = true;
    }

    public void Dispose()
    {
        if (!kept) Discard();
    }

    // The writer is left alone: it would bring the header up to date.
    private void Discard()
    {
        try
        {
            if (partial is null && stream.CanSeek) stream.SetLength(0);
        }
        catch (IOException)
        {
            // A device has no length.
        }

        stream.Dispose();
        if (partial is not null) File.Delete(partial);
    }

    // Renaming a file over another does not ask whether that one may be written.
    private static void RequireWritable(string path)
    {
        if (!File.Exists(path)) return;
        using var open = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }
}
