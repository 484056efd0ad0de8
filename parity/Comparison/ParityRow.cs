// One row of the comparison: one tensor of one call, and what each engine made of it.

namespace Ditar.Parity;

internal enum RowKind
{
    /// <summary>What a module hands out: an output of its graph.</summary>
    Output,

    /// <summary>A whole transformer layer.</summary>
    TransformerLayer,

    /// <summary>Anything else inside a module.</summary>
    Inner,

    /// <summary>After n patches of free running: errors of all steps before are in it.</summary>
    FreeRunning,
}

/// <summary>One engine's side of a row.</summary>
/// <param name="Float32Units">Relative l2 in units of the plain float32 definition's; null without that column.</param>
/// <param name="Bound">The largest allowed relative l2.</param>
/// <param name="Break">What is wrong, or null.</param>
internal sealed record ParityCell(Difference Difference, double? Float32Units, double Bound, string? Break);

/// <param name="Call">scenario/module.variant.</param>
/// <param name="Path">The module path, or the name of a graph output.</param>
/// <param name="Cells">By engine name; an engine that does not look inside modules lacks the inner rows.</param>
internal sealed record ParityRow(string Call, string Path, string Shape, RowKind Kind, IReadOnlyDictionary<string, ParityCell> Cells)
{
    public string Name => $"{Call}/{Path}";

    /// <summary>The graph: "velocity" of "utterance/velocity.t0.5".</summary>
    public string Module => Call[(Call.IndexOf('/', StringComparison.Ordinal) + 1)..].Split('.')[0];

    public string Scenario => Call.Split('/')[0];

    /// <summary>The number after "layers", which is how deep a row lies in its stack; null elsewhere.</summary>
    public int? Depth
    {
        get
        {
            var parts = Path.Split('.');
            var at = Array.FindIndex(parts, part => part is "layers" or "frame_blocks" or "stages");
            return at >= 0 && at + 1 < parts.Length && int.TryParse(parts[at + 1], out var depth) ? depth : null;
        }
    }

    /// <summary>"scenario/call" and "path" of a tensor's name.</summary>
    public static (string Call, string Path) Split(string name)
    {
        var cut = name.IndexOf('/', name.IndexOf('/', StringComparison.Ordinal) + 1);
        return cut < 0 ? (name, "") : (name[..cut], name[(cut + 1)..]);
    }

    public static RowKind KindOf(RecordedTensor tensor)
    {
        var (call, path) = Split(tensor.Name);
        return KindOf(call, path);
    }

    public static RowKind KindOf(string call, string path)
    {
        if (call.EndsWith(FreeRun.Call, StringComparison.Ordinal)) return RowKind.FreeRunning;
        var parts = path.Split('#')[0].Split('.');
        if (parts.Length >= 2 && parts[^2] == "layers") return RowKind.TransformerLayer;
        return Array.IndexOf(ModuleCall.OutputNames, parts[0]) >= 0 ? RowKind.Output : RowKind.Inner;
    }
}

/// <summary>The first row of a call at which an engine left its bound: what comes after it may only have inherited the error.</summary>
internal sealed record ParityBreak(string Engine, ParityRow Row, string Reason, int FollowedBy);

/// <param name="Engines">In the order of the columns; the oracle first.</param>
internal sealed record ParityResult(IReadOnlyList<Recording> Engines, IReadOnlyList<ParityRow> Rows, IReadOnlyList<ParityBreak> Breaks)
{
    public bool Holds => Breaks.Count == 0 && Rows.Count > 0;

    public Recording Oracle => Engines[0];

    public IEnumerable<EngineIdentity> Columns => Engines.Skip(1).Select(recording => recording.Engine);

    /// <summary>Rows that were compared against ONNX Runtime.</summary>
    public int GraphRows => Rows.Count(row => Columns.Any(column => column.Kind is EngineKind.GraphCpu or EngineKind.GraphGpu && row.Cells.ContainsKey(column.Name)));
}
