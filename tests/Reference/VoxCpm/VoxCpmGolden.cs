// The recorded runs of official VoxCPM code: each folder holds a checkpoint, every intermediate tensor and golden.md, which says how they were made. Those in
// tests/Goldens always run; DITAR_GOLDEN names more, a list of folders (or of folders of such folders) of any shapes and options.

using System.Globalization;
using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Golden;

namespace Ditar.Tests.Reference.VoxCpm;

internal sealed class VoxCpmGolden : IDisposable
{
    private readonly SafetensorsFile recorded;
    private Dictionary<string, double>? distances;

    public VoxCpmGolden(string folder)
    {
        Folder = folder.Contains(Path.DirectorySeparatorChar) ? folder : Path.Combine(AppContext.BaseDirectory, "Goldens", folder);
        recorded = SafetensorsFile.Open(Path.Combine(Folder, "golden.safetensors"));
        Config = VoxCpmConfig.Read(Path.Combine(Folder, "config.json"));
    }

    /// <summary>Names of those in the repository, full paths of the others.</summary>
    public static IReadOnlyList<string> Folders { get; } = [.. Find()];

    public static TheoryData<string, Arithmetic> Runs
    {
        get
        {
            var data = new TheoryData<string, Arithmetic>();
            foreach (var folder in Folders)
                foreach (var arithmetic in Enum.GetValues<Arithmetic>()) data.Add(folder, arithmetic);
            return data;
        }
    }

    public string Folder { get; }

    public VoxCpmConfig Config { get; }

    /// <summary>golden.json.</summary>
    public JsonElement Json => field.ValueKind == JsonValueKind.Undefined
        ? field = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "golden.json"))).RootElement
        : field;

    public IEnumerable<string> Names => recorded.Names;

    public bool Contains(string tensor) => recorded.Contains(tensor);

    public Tensor Read(string tensor, ElementType type)
    {
        var values = new double[recorded[tensor].Count];
        recorded.ReadFloat64(tensor, values);
        return Tensor.From(type, values, [.. recorded[tensor].Shape.Select(extent => (int)extent)]);
    }

    public int[] Integers(string tensor)
    {
        var values = new long[recorded[tensor].Count];
        recorded.ReadInt64(tensor, values);
        return [.. values.Select(value => (int)value)];
    }

    public SafetensorsFile Open(string file) => SafetensorsFile.Open(Path.Combine(Folder, file));

    /// <param name="config">Null for the folder's own.</param>
    public VoxCpmModel Model(ElementType type, VoxCpmConfig? config = null)
    {
        using var file = Open("model.safetensors");
        return new VoxCpmModel(new VoxCpmParameters(file, config ?? Config, type), config ?? Config);
    }

    /// <summary>One of the language models alone, with a mistake or without.</summary>
    /// <param name="stack">base or residual.</param>
    public Transformer Stack(string stack, ElementType type, Func<TransformerConfig, TransformerConfig> change, RotaryPositions? positions = null)
    {
        using var file = Open("model.safetensors");
        var config = Config.Transformer(stack == "base" ? Config.Base : Config.Residual, causal: true, Config.Positions);
        return new Transformer(
            new VoxCpmParameters(file, Config, type).Root["language_model"][stack], change(config),
            positions ?? Config.Rotary.Positions(type, Config.Positions, Config.Base.HeadDim));
    }

    /// <summary>
    /// Asserts that every element lies within a share of the recorded tensor's largest magnitude, and where golden.md says how far its group is from a float64
    /// run, within <see cref="Tolerances.Golden"/> of that.
    /// </summary>
    public void Near(string name, Tensor found, double share) => Near(name, Read(name, ElementType.Float64), found, share);

    /// <param name="golden">The recorded tensor, or some of it, as our layouts have it.</param>
    public void Near(string name, Tensor golden, Tensor found, double share)
    {
        var largest = golden.ToDoubles().Max(Math.Abs);
        Assert.True(largest > 0, $"{name}: nothing but zeros was recorded");
        Nearness.AssertNear(name, golden, found, Math.Min(share * largest, Distance(name) is { } distance ? Tolerances.Golden(distance, found.Type) : double.PositiveInfinity));
    }

    /// <summary>golden.md's largest difference between the recorded float32 values of a tensor's group and a float64 run of the same code; null without one.</summary>
    public double? Distance(string tensor)
    {
        distances ??= Distances(Path.Combine(Folder, "golden.md"));
        var group = distances.Keys.Where(group => tensor.StartsWith(group + ".", StringComparison.Ordinal)).MaxBy(group => group.Length);
        return group is null ? null : distances[group];
    }

    /// <summary>The columns of each head from the official order of pairs, half a head apart, into ours, neighbours.</summary>
    public static Tensor Interleaved(Tensor x, int headDim)
    {
        var halves = x.Reshape([.. x.Shape[..^1], x[-1] / headDim, 2, headDim / 2]);
        return halves.Transpose(-1, -2).Reshape(x.Shape);
    }

    public void Dispose() => recorded.Dispose();

    // Rows "| group | difference | ...". A difference of zero is of values that were not computed twice.
    private static Dictionary<string, double> Distances(string file) => !File.Exists(file) ? [] : File.ReadLines(file)
        .SkipWhile(line => !line.StartsWith("| group |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .Select(cells => (Group: cells[1], Distance: double.Parse(cells[2], CultureInfo.InvariantCulture)))
        .Where(row => row.Distance > 0)
        .ToDictionary(row => row.Group, row => row.Distance, StringComparer.Ordinal);

    private static IEnumerable<string> Find()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "Goldens");
        foreach (var folder in Directory.EnumerateDirectories(own).Order(StringComparer.Ordinal)) yield return Path.GetFileName(folder);
        foreach (var named in (Environment.GetEnvironmentVariable("DITAR_GOLDEN") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsGolden(named))
            {
                yield return Path.GetFullPath(named);
                continue;
            }

            var inner = Directory.EnumerateDirectories(named).Where(IsGolden).Order(StringComparer.Ordinal).ToList();
            if (inner.Count == 0) throw new InvalidOperationException($"DITAR_GOLDEN names {named}, which holds no golden.safetensors.");
            foreach (var folder in inner) yield return Path.GetFullPath(folder);
        }
    }

    private static bool IsGolden(string folder) => File.Exists(Path.Combine(folder, "golden.safetensors"));
}

/// <summary>Keeps the output of every module, by path.</summary>
internal sealed class ModuleOutputs : ITensorObserver
{
    private readonly Dictionary<string, Tensor> outputs = new(StringComparer.Ordinal);

    public Tensor this[string path] => outputs.TryGetValue(path, out var y) ? y : throw new KeyNotFoundException($"{path} among {string.Join(", ", outputs.Keys)}");

    public void Enter(string path)
    {
    }

    public void Leave(string path, Tensor output) => outputs[path] = output;

    public IReadOnlyDictionary<string, Tensor> Copies() => outputs.ToDictionary(output => output.Key, output => output.Value.Copy(), StringComparer.Ordinal);

    public void Operation(TensorOperation operation)
    {
    }
}
