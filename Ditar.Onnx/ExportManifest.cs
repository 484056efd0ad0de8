// manifest.json beside exported graphs: which model they are of, which files there are, what goes in and out of each. The exporter writes it last, so
// a folder with a manifest is whole; whoever runs the graphs reads it first and needs no ONNX parser.

using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

/// <summary>How weights lie in the files. Graphs compute in float32 either way.</summary>
public enum WeightPrecision
{
    Float32,

    /// <summary>Stored in half the space, converted to float32 where they are used.</summary>
    Float16,
}

/// <param name="ElementType">"float32" or "int64".</param>
/// <param name="Shape">Each extent: a number, a symbol, or an expression such as "past + time".</param>
public sealed record GraphPort(string Name, string ElementType, IReadOnlyList<string> Shape);

/// <param name="Name">One of <see cref="ExportManifest.Names"/>.</param>
/// <param name="File">In the manifest's folder.</param>
/// <param name="DataFile">External weights, or null.</param>
public sealed record ExportedGraph(string Name, string File, string? DataFile, IReadOnlyList<GraphPort> Inputs, IReadOnlyList<GraphPort> Outputs);

public sealed record ExportManifest
{
    public const string FileName = "manifest.json";
    public const string KindName = "ditar-onnx";
    public const int CurrentFormat = 2;

    // 1B with every intermediate listed takes about 1 MB.
    private const int MaximumBytes = 16 << 20;

    /// <summary>Always "ditar-onnx".</summary>
    public string Kind { get; init; } = KindName;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>For people: the checkpoint's folder name, or the size and "random".</summary>
    public required string Name { get; init; }

    /// <summary>Of random weights; null when they are a checkpoint's.</summary>
    public ulong? Seed { get; init; }

    /// <summary>See <see cref="Onnx.WeightHash"/>: of the weights that were exported, before any rounding to float16.</summary>
    public string WeightHash { get; init; } = "";

    public required int Opset { get; init; }

    public required WeightPrecision Weights { get; init; }

    /// <summary>Every module's output is an output of its graph.</summary>
    public required bool Intermediates { get; init; }

    /// <summary>DiTAR's sizes; null for VoxCPM.</summary>
    public DitarConfig? Model { get; init; }

    /// <summary>Those of DiTAR's tokenizer; null for VoxCPM.</summary>
    public VaeConfig? Vae { get; init; }

    /// <summary>VoxCPM's sizes; null for DiTAR. To be compared with a checkpoint's: nothing is built from them, and they are not checked by themselves.</summary>
    public VoxCpmConfig? VoxCpm { get; init; }

    public required IReadOnlyList<ExportedGraph> Graphs { get; init; }

    /// <summary>All graphs that such a model has.</summary>
    public IReadOnlyList<string> Names => VoxCpm is null ? GraphNames.All : VoxCpmGraphNames.All;

    /// <summary>The graph of a name.</summary>
    /// <exception cref="ArgumentException">It was not exported; the message lists those that were.</exception>
    public ExportedGraph Graph(string name) =>
        Graphs.FirstOrDefault(graph => graph.Name == name)
            ?? throw new ArgumentException($"The export {Name} has no graph {name}; there are {string.Join(", ", Graphs.Select(g => g.Name))}.", nameof(name));

    /// <exception cref="ExportManifestException">Missing, not JSON, of another version, or naming files outside its folder or files that are not there.</exception>
    public static ExportManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new ExportManifestException(path, null, $"the manifest of an export, as 'ditar-parity export --model DIR -o {folder}' writes it", "nothing there");
        var length = new FileInfo(path).Length;
        if (length > MaximumBytes) throw new ExportManifestException(path, null, $"at most {MaximumBytes} bytes", $"{length}");
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), ManifestJson.Default.ExportManifest)
                ?? throw new ExportManifestException(path, null, "an object", "null");
            manifest.RequireSense(path, folder);
            return manifest;
        }
        catch (JsonException error)
        {
            throw new ExportManifestException(path, error.Path, "a manifest of this version", error.Message, error);
        }
    }

    /// <exception cref="IOException">The folder is missing or full.</exception>
    public void Write(string folder) =>
        AtomicFile.Write(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ExportManifest));

    private void RequireSense(string path, string folder)
    {
        if (Kind != KindName) throw new ExportManifestException(path, "kind", $"\"{KindName}\"", MalformedFileException.Quote(Kind));
        if (Format < CurrentFormat) throw new ExportManifestException(path, "format", $"{CurrentFormat}", $"{Format}, which does not say whose weights these are; export again with --force");
        if (Format > CurrentFormat) throw new ExportManifestException(path, "format", $"{CurrentFormat}", $"{Format}; a newer program may read it");
        if (!Onnx.WeightHash.IsOne(WeightHash)) throw new ExportManifestException(path, "weight_hash", "64 hexadecimal digits", MalformedFileException.Quote(WeightHash));
        if (VoxCpm is null) RequireDitar(path);
        else if (Model is not null || Vae is not null) throw new ExportManifestException(path, "vox_cpm", "no sizes of another model beside it", "some");

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var graph in Graphs)
        {
            if (graph is null || !Names.Contains(graph.Name) || !names.Add(graph.Name))
                throw new ExportManifestException(path, "graphs", $"each of {string.Join(", ", Names)} at most once", MalformedFileException.Quote(graph?.Name ?? "null"));
            foreach (var file in new[] { graph.File, graph.DataFile })
                if (file is not null) RequireFile(path, folder, graph.Name, file);
        }
    }

    private void RequireDitar(string path)
    {
        if (Model is null) throw new ExportManifestException(path, "model", "the sizes of a model", "none");
        if (Vae is null) throw new ExportManifestException(path, "vae", "the sizes of a tokenizer", "none");
        if (Model.Fault() is { } fault) throw new ExportManifestException(path, "model", "sizes that make a model", fault);
        if (Model.LatentDim != Vae.LatentDim) throw new ExportManifestException(path, "model.latent_dim", $"the VAE's {Vae.LatentDim}", $"{Model.LatentDim}");
        try
        {
            Vae.Validate();
        }
        catch (ArgumentException error)
        {
            throw new ExportManifestException(path, "vae", "sizes that make a tokenizer", error.Message, error);
        }
    }

    private static void RequireFile(string path, string folder, string graph, string file)
    {
        if (file.Length is 0 or > 255 || file != Path.GetFileName(file) || file is "." or "..")
            throw new ExportManifestException(path, graph, "the name of a file in the same folder", MalformedFileException.Quote(file));
        if (!File.Exists(Path.Combine(folder, file)))
            throw new ExportManifestException(path, graph, $"a file {MalformedFileException.Quote(file)} beside it", "nothing there");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    IgnoreReadOnlyProperties = true, MaxDepth = 16)]
[JsonSerializable(typeof(ExportManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
