// Exports a model: traces each part, writes its graph, and at the end the manifest. A folder with a manifest is a whole export; one that was interrupted
// holds whole graphs without a manifest, never half a file.

using Ditar.Onnx;
using Ditar.Parity.OnnxFiles;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Parity.Export;

internal static class OnnxExport
{
    // A node takes some 250 bytes with its names; external weights start on pages.
    private const long NodeBytes = 512;
    private const long PageBytes = 4096;

    // A folder may hold an export of another kind of model.
    private static readonly string[] AllNames = [.. GraphNames.All.Union(VoxCpmGraphNames.All)];

    /// <param name="folder">Created if it is not there.</param>
    /// <exception cref="ExportException">The model is no graph, or the folder holds an export already.</exception>
    /// <exception cref="IOException">The folder cannot be written or is full.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; no half file is left.</exception>
    public static ExportManifest Run(
        string folder, ExportSource source, ExportOptions options, IProgress<ExportProgress>? progress = null, CancellationToken cancellation = default)
    {
        // Names first: a mistyped part must not cost the folder its manifest.
        IEnumerable<string> parts = options.Parts.Count > 0 ? options.Parts.Distinct() : source.Networks.Parts.Select(part => part.Name);
        GraphDefinition[] definitions = [.. parts.Select(part => GraphDefinition.Of(part, source))];
        Prepare(folder, options);

        var graphs = new List<ExportedGraph>();
        foreach (var definition in definitions)
        {
            progress?.Report(new ExportProgress(definition.Name, 0, 0, 0));
            var model = Graph(definition, source, options, cancellation);
            graphs.Add(Write(folder, model, options.External || OnnxWriter.NeedsDataFile(model), progress, cancellation));
        }

        var manifest = source.Networks.Sized(new ExportManifest
        {
            Name = source.Name,
            Seed = source.Seed,
            WeightHash = source.Hash,
            Opset = OnnxModel.Opset,
            Weights = options.Weights,
            Intermediates = options.Intermediates,
            Graphs = graphs,
        });
        manifest.Write(folder);
        return manifest;
    }

    /// <summary>One part as a graph in memory; weights are not copied.</summary>
    public static OnnxModel Graph(GraphDefinition definition, ExportSource source, ExportOptions options, CancellationToken cancellation = default)
    {
        // What the trace computes is thrown away, so the fast kernels serve.
        using var kernels = KernelSet.Use(new SimdKernels());
        var names = new Dictionary<Tensor, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, tensor) in source.Networks.Weights(definition.Name)) names.TryAdd(tensor, name);
        return GraphTranslation.Of(
            definition.Trace(cancellation), names, $"{definition.Description} Traced from {source.Name}.", options.Weights == WeightPrecision.Float16, options.Intermediates);
    }

    private static void Prepare(string folder, ExportOptions options)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (IOException error) when (File.Exists(folder))
        {
            throw new IOException($"{folder} is a file; graphs need a folder.", error);
        }
        catch (FileNotFoundException error)
        {
            // What the runtime says of file systems that hold no folders of ours.
            throw new IOException($"The folder {folder} cannot be made.", error);
        }

        string[] ours = [ExportManifest.FileName, .. AllNames.Select(FileOf), .. AllNames.Select(DataFileOf)];
        string[] there = [.. ours.Where(file => File.Exists(Path.Combine(folder, file)))];
        if (there.Length == 0) return;
        if (!options.Force) throw new ExportException($"{folder} already holds {there[0]}; --force replaces an export.");

        // The manifest goes first, so that no moment shows an old manifest over new graphs.
        foreach (var file in there) File.Delete(Path.Combine(folder, file));
    }

    private static ExportedGraph Write(string folder, OnnxModel model, bool external, IProgress<ExportProgress>? progress, CancellationToken cancellation)
    {
        var total = model.Initializers.Sum(tensor => tensor.ByteLength);
        RequireSpace(folder, model.Name, total + (model.Nodes.Count * NodeBytes) + ((model.Initializers.Count + 1) * PageBytes));
        var (written, dataFile) = (0L, external ? DataFileOf(model.Name) : null);
        progress?.Report(new ExportProgress(model.Name, model.Nodes.Count, 0, total));
        try
        {
            OnnxWriter.Write(Path.Combine(folder, FileOf(model.Name)), model, dataFile, bytes =>
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new ExportProgress(model.Name, model.Nodes.Count, written += bytes, total));
            });
        }
        catch when (dataFile is not null)
        {
            // Weights without their graph are of no use to anyone.
            File.Delete(Path.Combine(folder, dataFile));
            throw;
        }

        return new ExportedGraph(model.Name, FileOf(model.Name), dataFile, [.. model.Inputs.Select(Port)], [.. model.Outputs.Select(Port)]);
    }

    private static void RequireSpace(string folder, string graph, long needed)
    {
        var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free < needed) throw new IOException($"{graph} takes {needed / 1e6:0} MB in {folder}, {free / 1e6:0} MB are free.");
    }

    private static GraphPort Port(ValueInfo port) => new(port.Name, port.Type == TensorType.Int64 ? "int64" : "float32", port.Shape);

    private static string FileOf(string graph) => graph + ".onnx";

    private static string DataFileOf(string graph) => graph + ".onnx.data";
}
