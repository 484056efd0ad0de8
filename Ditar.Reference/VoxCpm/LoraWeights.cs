// A LoRA folder of the official training code: W + (alpha / r) B A for the projections that it adapts. r is that of the tensors, alpha that of
// lora_config.json (16 without one, the official default); the official command line ignores the file, and with it whatever alpha was trained.

using System.Text.Json;
using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

public sealed class LoraWeights : IDisposable
{
    private const double DefaultAlpha = 16;
    private const string Compiled = "._orig_mod";
    private static readonly string[] Files = ["lora_weights.safetensors", "lora_weights.ckpt"];
    private readonly WeightFile file;
    private readonly double alpha;

    // Official module name to the names of A and B in the file.
    private readonly Dictionary<string, (string A, string B)> modules = new(StringComparer.Ordinal);

    private LoraWeights(WeightFile file, double alpha) => (this.file, this.alpha) = (file, alpha);

    /// <summary>Names of the adapted modules.</summary>
    public IReadOnlyCollection<string> Modules => modules.Keys;

    /// <param name="path">The folder, or the file of weights itself.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or adapts what the model does not have.</exception>
    public static LoraWeights Open(string path, VoxCpmConfig config)
    {
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var weights = Directory.Exists(path) ? VoxCpmCheckpoint.OpenWeights(path, Files) : VoxCpmCheckpoint.OpenWeights(path);
        try
        {
            var lora = new LoraWeights(weights, ReadAlpha(Path.Combine(folder, "lora_config.json")));
            lora.Pair(config);
            return lora;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Adds the adaption of a weight to it; does nothing where there is none.</summary>
    /// <param name="official">The weight's official name.</param>
    /// <param name="weight">[outputs, inputs], in the official order of rows.</param>
    public void Merge(string official, Span<double> weight)
    {
        const string suffix = ".weight";
        if (!official.EndsWith(suffix, StringComparison.Ordinal) || !modules.TryGetValue(official[..^suffix.Length], out var pair)) return;
        var (a, b) = (Read(pair.A), Read(pair.B));
        var rank = (int)file[pair.A].Shape[0];
        var (inputs, outputs) = (a.Length / rank, b.Length / rank);
        for (var row = 0; row < outputs; row++)
        {
            for (var k = 0; k < rank; k++)
            {
                var factor = alpha / rank * b[(row * rank) + k];
                for (var i = 0; i < inputs; i++) weight[(row * inputs) + i] += factor * a[(k * inputs) + i];
            }
        }
    }

    public void Dispose() => file.Dispose();

    private void Pair(VoxCpmConfig config)
    {
        var weights = VoxCpmLayout.Of(config).Where(tensor => tensor.Shape.Count == 2).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var name in file.Names)
        {
            var plain = name.Replace(Compiled, "", StringComparison.Ordinal);
            var module = plain.EndsWith(".lora_A", StringComparison.Ordinal) || plain.EndsWith(".lora_B", StringComparison.Ordinal) ? plain[..^".lora_A".Length] : null;
            if (module is null || !weights.TryGetValue(module + ".weight", out var weight)) throw new CheckpointException(file.Path, name, "lora_A or lora_B of a projection of this model", "something else");
            var (a, b) = modules.GetValueOrDefault(module);
            modules[module] = plain.EndsWith('A') ? (name, b) : (a, name);
            var shape = file[name].Shape;
            var (axis, side) = plain.EndsWith('A') ? (1, weight.Shape[1]) : (0, weight.Shape[0]);
            if (shape.Count != 2 || shape[axis] != side || shape[1 - axis] is < 1 or > 4096)
                throw new CheckpointException(file.Path, name, plain.EndsWith('A') ? $"[rank, {side}]" : $"[{side}, rank]", CheckpointException.Shape(shape));
        }

        foreach (var (module, (a, b)) in modules)
        {
            if (a is null || b is null) throw new CheckpointException(file.Path, module, "both lora_A and lora_B", a is null ? "lora_B alone" : "lora_A alone");
            if (file[a].Shape[0] != file[b].Shape[1]) throw new CheckpointException(file.Path, module, $"the rank {file[a].Shape[0]} of lora_A", $"{file[b].Shape[1]} in lora_B");
        }
    }

    private double[] Read(string name)
    {
        file.CheckFinite(name);
        var values = new double[file[name].Count];
        file.ReadFloat64(name, values);
        return values;
    }

    private static double ReadAlpha(string path)
    {
        if (!File.Exists(path)) return DefaultAlpha;
        if (new FileInfo(path).Length > VoxCpmConfig.MaximumBytes) throw new CheckpointException(path, null, $"at most {VoxCpmConfig.MaximumBytes} bytes", $"{new FileInfo(path).Length}");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return new ConfigSection(path, json.RootElement, "").Section("lora_config").Number("alpha", DefaultAlpha, 0, 1e6);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(path, null, "valid JSON", error.Message, error);
        }
    }
}
