// A checkpoint with its large matrices rounded ahead: the formats of the engine, in the file's own terms (QuantisedMatrix). Vectors, and what touches latents
// or times or decides something, keep their type; the files beside the weights are copied. Everything is checked before anything is written, and written to a
// folder beside the wanted one that takes its name when it is whole: who is stopped or runs out of disk leaves nothing that looks like a checkpoint.

using Ditar.Reference.Files;
using Ditar.Simd;

namespace Ditar.Edge;

/// <param name="Kept">Why these weights keep their type; null for those that are rounded.</param>
internal sealed record QuantizedPart(string Name, int Tensors, long Weights, string? Kept);

/// <param name="Parts">Every weight of the model belongs to one.</param>
/// <param name="Copied">Files beside the model's, with their bytes.</param>
internal sealed record QuantizedModel(
    string ModelFile, long BytesBefore, long BytesAfter, IReadOnlyList<QuantizedPart> Parts, IReadOnlyList<(string Name, long Bytes)> Copied);

internal static class QuantizedFolder
{
    private const string Unfinished = ".partial";
    private const string ConfigFile = "config.json";

    /// <param name="folder">Must not be there, or be empty.</param>
    /// <param name="progress">Told the share that is done, 0..1, at least once per matrix.</param>
    /// <exception cref="MalformedFileException">The checkpoint does not load, or is rounded already.</exception>
    /// <exception cref="IOException">The folder holds something already, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Nothing of the folder is left.</exception>
    public static QuantizedModel Write(string from, string folder, EngineFormats formats, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var partial = target + Unfinished;
        if (File.Exists(Path.Combine(target, ConfigFile))) throw new IOException($"{folder} holds a checkpoint already");
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())) throw new IOException($"{folder} is there and is not an empty folder");
        if (Path.Exists(partial)) throw new IOException($"{partial} is there: another run is writing it, or was ended while it did; delete it if none is");
        using var source = QuantizedSource.Open(from);
        cancellation.ThrowIfCancellationRequested();
        Directory.CreateDirectory(partial);
        try
        {
            var written = Write(source, partial, formats, progress, cancellation);
            Place(partial, target);
            return written;
        }
        catch
        {
            Directory.Delete(partial, recursive: true);
            throw;
        }
    }

    private static QuantizedModel Write(QuantizedSource source, string partial, EngineFormats formats, IProgress<double>? progress, CancellationToken cancellation)
    {
        var weights = new QuantizedWeights(source.Weights, progress, cancellation);
        var parts = new Dictionary<string, QuantizedPart>();
        foreach (var (parameter, name) in source.Tensors)
        {
            var format = formats.Of(parameter);
            weights.Add(name, format);
            var (part, kept) = format is { } chosen ? (EngineFormats.All(chosen).ToString(), null) : Keeping(parameter, source.Weights[name].Shape);
            var so = parts.GetValueOrDefault(part) ?? new QuantizedPart(part, 0, 0, kept);
            parts[part] = so with { Tensors = so.Tensors + 1, Weights = so.Weights + source.Weights[name].Count };
        }

        var path = Path.Combine(partial, source.ModelFile);
        weights.Save(path);
        var copied = new List<(string, long)>();
        foreach (var file in source.Beside)
        {
            cancellation.ThrowIfCancellationRequested();
            File.Copy(file, Path.Combine(partial, Path.GetFileName(file)));
            copied.Add((Path.GetFileName(file), new FileInfo(file).Length));
        }

        cancellation.ThrowIfCancellationRequested();
        return new QuantizedModel(source.ModelFile, new FileInfo(source.Weights.Path).Length, new FileInfo(path).Length, [.. parts.Values.OrderBy(part => part.Kept is not null)], copied);
    }

    private static (string Part, string? Why) Keeping(string parameter, IReadOnlyList<long> shape) => parameter switch
    {
        _ when parameter.EndsWith(".symbols", StringComparison.Ordinal) => ("table of symbols", "an utterance reads a few rows of it: rounding would save memory, not time"),
        _ when shape.Count(extent => extent > 1) < 2 => ("gains and biases", "they are small, and are added and multiplied as float32"),
        _ => ("small matrices", "they touch latents or times or decide something: a rounding there would be heard, or be another decision"),
    };

    private static void Place(string partial, string target)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(partial, target);
            return;
        }

        // An empty folder that somebody may stand in: what makes it a checkpoint comes last.
        foreach (var file in Directory.GetFiles(partial).OrderBy(file => Path.GetFileName(file) == ConfigFile)) File.Move(file, Path.Combine(target, Path.GetFileName(file)));
        Directory.Delete(partial);
    }
}
