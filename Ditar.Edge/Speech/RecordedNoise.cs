// `--noise FILE`: noise that was drawn elsewhere, for comparing results. One tensor [patches, D, P], as the official solver draws it.

using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;

namespace Ditar.Edge;

internal static class RecordedNoise
{
    private const string Tensor = "noise";
    private const int MostNumbers = 1 << 24;

    /// <exception cref="SpeechException">No such file.</exception>
    /// <exception cref="CheckpointException">Another shape, or not numbers.</exception>
    public static GivenNoise Read(string path)
    {
        if (!File.Exists(path)) throw new SpeechException($"--noise is philox, torch-cpu, or a safetensors file; there is no {path}");
        using var file = SafetensorsFile.Open(path);
        var entry = file.Entries.Count == 1 ? file.Entries[0] : file[Tensor];
        if (entry.Shape.Count != 3 || entry.Count is 0 or > MostNumbers) throw new CheckpointException(path, entry.Name, "noise [patches, D, P]", CheckpointException.Shape(entry.Shape));
        file.CheckFinite(entry.Name);
        var values = new float[entry.Count];
        file.ReadFloat32(entry.Name, values);
        var noise = Reference.Tensor.From(values, [.. entry.Shape.Select(extent => (int)extent)]).Transpose(1, 2); // [patches, P, D]
        return new GivenNoise([.. Enumerable.Range(0, noise[0]).Select(patch => noise.Slice(0, patch, 1))]);
    }
}
