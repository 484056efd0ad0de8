// What is rounded: a checkpoint of either family, loaded once so that all of it is known to be whole. Its weights by our names and by those of its file, and
// the files that go beside them.

using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

/// <param name="Weights">Open until this is disposed.</param>
/// <param name="Tensors">Every weight of the model: our name, and the file's.</param>
/// <param name="ModelFile">What the rounded weights are called; always safetensors.</param>
/// <param name="Beside">Paths of the files to copy.</param>
internal sealed record QuantizedSource(WeightFile Weights, IReadOnlyList<(string Parameter, string Name)> Tensors, string ModelFile, IReadOnlyList<string> Beside) : IDisposable
{
    // What a person wrote about the model goes with it.
    private static readonly string[] Words = ["README", "LICENSE", "NOTICE"];

    /// <exception cref="MalformedFileException">The checkpoint does not load, or is rounded already.</exception>
    public static QuantizedSource Open(string folder)
    {
        var source = VoxCpmCheckpoint.IsOne(folder) ? OpenVoxCpm(folder) : OpenDitar(folder);
        foreach (var (_, name) in source.Tensors)
        {
            if (!QuantisedMatrix.IsIn(source.Weights, name)) continue;
            source.Dispose();
            throw new CheckpointException(source.Weights.Path, name, "weights that are not rounded yet", $"{source.Weights[name].Type.HeaderName()}: round the original once more instead");
        }

        return source;
    }

    public void Dispose() => Weights.Dispose();

    private static QuantizedSource OpenDitar(string folder)
    {
        var parameters = DitarCheckpoint.Load(folder).Model.Parameters;
        return new QuantizedSource(
            SafetensorsFile.Open(Path.Combine(folder, DitarCheckpoint.ModelFile)), [.. parameters.Select(parameter => (parameter.Key, parameter.Key))], DitarCheckpoint.ModelFile,
            FilesBeside(folder, DitarCheckpoint.VaeFile, DitarCheckpoint.VoicesFile));
    }

    private static QuantizedSource OpenVoxCpm(string folder)
    {
        var checkpoint = VoxCpmCheckpoint.Open(folder);
        try
        {
            var parameters = checkpoint.ReadModel(later: true).Parameters;
            _ = checkpoint.ReadVae(later: true);
            checkpoint.VaeWeights.Dispose();
            return new QuantizedSource(
                checkpoint.ModelWeights, [.. parameters.Select(parameter => (parameter.Key, VoxCpmLayout.OfficialName(parameter.Key)))], VoxCpmCheckpoint.ModelFiles[0],
                FilesBeside(folder, Path.GetFileName(checkpoint.VaeWeights.Path)));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    // An index of weights in several files is of those files, not of the new one.
    private static List<string> FilesBeside(string folder, params string[] weights) =>
        [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Where(path => Path.GetFileName(path) is var name
            && (weights.Contains(name) || Words.Any(word => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                || (name.EndsWith(".json", StringComparison.Ordinal) && !name.EndsWith(".index.json", StringComparison.Ordinal))))];
}
