// A model of one of the paper's sizes with random weights from a seed, and its graphs for ONNX Runtime, exported once into the temporary folder and kept
// there: the larger ones take a minute and gigabytes.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference;

namespace Ditar.Bench;

/// <param name="maxPositions">Longest sequence of the language model; 0 leaves it as it is.</param>
internal sealed class BenchModel(string size, int maxPositions = 0)
{
    private const ulong Seed = 1;
    private readonly Lazy<DitarParityModel> model = new(() => ParityModel.Random(size, Seed, maxPositions: maxPositions));

    public string Size => size;

    /// <summary>Whether ONNX Runtime's two graphs of the language model, each with weights of its own, take gigabytes.</summary>
    public bool IsLarge => Model.Config.LanguageModel is { Layers: > 24, Width: >= 1024 };

    public DitarParityModel Model => model.Value;

    public DitarNetworks Networks => Model.At(ElementType.Float32);

    /// <summary>The folder of the graphs.</summary>
    /// <param name="parts">Those needed.</param>
    /// <param name="say">Told before something is exported.</param>
    public string Graphs(IReadOnlyList<string> parts, Action<string> say)
    {
        var folder = Path.Combine(Path.GetTempPath(), "ditar-bench", $"{size}-{Model.Config.MaxPositions}-{Model.Identity.Hash[..12]}-{parts.Count}");
        if (IsComplete(folder, parts)) return folder;
        say($"exporting {string.Join(", ", parts)} of a random {size} model to {folder}");
        OnnxExport.Run(folder, ExportSource.Of(Model), new ExportOptions { Parts = parts, Force = true });
        return folder;
    }

    private bool IsComplete(string folder, IReadOnlyList<string> parts)
    {
        try
        {
            var manifest = ExportManifest.Read(folder);
            return manifest.WeightHash == Model.Identity.Hash && parts.All(part => manifest.Graphs.Any(graph => graph.Name == part));
        }
        catch (ExportManifestException)
        {
            return false;
        }
    }
}
