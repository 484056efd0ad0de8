// What is exported, and how.

using Ditar.Onnx;
using Ditar.Reference;

namespace Ditar.Parity.Export;

/// <param name="Name">For people: the checkpoint's folder name, or the size and "random".</param>
/// <param name="Seed">Of random weights; null for a checkpoint's.</param>
/// <param name="Networks">In float32.</param>
internal sealed record ExportSource(string Name, ulong? Seed, Networks Networks)
{
    public static ExportSource Of(ParityModel model) => new(model.Identity.Name, model.WeightSeed, model.At(ElementType.Float32)) { Hash = model.Identity.Hash };

    /// <summary>Of the weights; reckoned when nobody has done so before, which at 1B takes seconds.</summary>
    public string Hash
    {
        get => field ??= Networks.Hash;
        private init;
    }
}

internal sealed record ExportOptions
{
    public WeightPrecision Weights { get; init; } = WeightPrecision.Float32;

    /// <summary>Every module's output becomes an output of its graph, named by the module's path.</summary>
    public bool Intermediates { get; init; }

    /// <summary>Weights in a file beside each graph even where they would fit into it.</summary>
    public bool External { get; init; }

    /// <summary>Replace an earlier export.</summary>
    public bool Force { get; init; }

    /// <summary>Which of the model's parts; none named for all.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];
}

/// <param name="Graph">The one at work.</param>
/// <param name="Nodes">0 while it is traced.</param>
/// <param name="Written">Bytes of weights so far.</param>
/// <param name="Total">Bytes of weights in all.</param>
internal sealed record ExportProgress(string Graph, int Nodes, long Written, long Total);
