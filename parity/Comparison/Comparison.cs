// Recordings side by side. First they must belong together: same weights, same sizes, same seed, same inputs to the last bit, same names and shapes. Then
// each tensor of each engine is measured against the truth and held to its bound. The truth is the oracle's recording, or the first one if there is none.

using Ditar.Onnx;

namespace Ditar.Parity;

internal static class Comparison
{
    public const string PlainFloat32 = "reference float32";
    public const string SimdFloat32 = "simd float32";

    /// <exception cref="RecordingException">They do not belong together; the message names the first tensor that differs.</exception>
    public static ParityResult Of(IReadOnlyList<Recording> recordings)
    {
        if (recordings.Count < 2) throw new ArgumentException("A comparison needs two recordings.", nameof(recordings));
        var truth = recordings.FirstOrDefault(recording => recording.Engine.Kind == EngineKind.Oracle) ?? recordings[0];
        Recording[] engines = [truth, .. recordings.Where(recording => recording != truth)];
        foreach (var engine in engines[1..]) RequireSame(truth, engine);
        engines = Renamed(engines);

        var found = engines.ToDictionary(engine => engine.Engine.Name, engine => engine.Outputs.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal));
        // VoxCPM's LocDiT is told the time and the length of a step, in a token of its own.
        var timed = truth.Outputs.Where(tensor => tensor.Name.EndsWith("/diffusion.step", StringComparison.Ordinal)).Select(tensor => ParityRow.Split(tensor.Name).Call).ToHashSet(StringComparer.Ordinal);
        ParityRow[] rows = [.. truth.Outputs.Select(tensor => Row(tensor, engines, found, timed))];
        return new ParityResult(engines, rows, [.. engines[1..].SelectMany(engine => Breaks(engine.Engine.Name, rows))]);
    }

    private static ParityRow Row(RecordedTensor truth, Recording[] engines, Dictionary<string, Dictionary<string, RecordedTensor>> found, HashSet<string> timed)
    {
        var (call, path) = ParityRow.Split(truth.Name);
        var kind = ParityRow.KindOf(call, path);
        var differences = new Dictionary<string, Difference>();
        foreach (var engine in engines[1..])
        {
            if (found[engine.Engine.Name].TryGetValue(truth.Name, out var tensor)) differences[engine.Engine.Name] = Difference.Between(truth, tensor);
        }

        var plain = differences.GetValueOrDefault(PlainFloat32);
        var graph = engines[1..].Where(engine => engine.Engine.Kind == EngineKind.GraphCpu)
            .Select(engine => differences.GetValueOrDefault(engine.Engine.Name)).FirstOrDefault(difference => difference is { Fault: null });
        var cells = new Dictionary<string, ParityCell>();
        foreach (var engine in engines[1..])
        {
            if (!differences.TryGetValue(engine.Engine.Name, out var difference)) continue;
            var bound = kind == RowKind.FreeRunning
                ? Bounds.OfFreeRunning(engine.Engine.Kind, engine.Engine.Name == PlainFloat32, plain is { Fault: null } ? plain.RelativeL2 : null)
                : Bounds.Of(engine.Engine.Kind, kind, HasSines(call, path), graph?.RelativeL2, HasRoundedWeights(call), timed.Contains(call), IsBehindQuantiser(call));
            var fault = difference.Fault ?? (difference.RelativeL2 <= bound ? null : $"relative l2 {difference.RelativeL2:e2} where {bound:e2} is allowed");
            if (fault is null && engine.Engine.Kind == EngineKind.GraphCpu && kind == RowKind.Output) fault = AgainstOurs(truth, engine, found);
            cells[engine.Engine.Name] = new ParityCell(difference, plain is { Fault: null } ? Units(difference, plain) : null, bound, fault);
        }

        return new ParityRow(call, path, truth.ShapeText, kind, cells);
    }

    // Snake and the inverse STFT's phases in the codec; LocDiT's embedding of time, before its sum with the condition drowns the error.
    private static bool HasSines(string call, string path) =>
        call.Contains("/vae_", StringComparison.Ordinal) || path.StartsWith("diffusion.time", StringComparison.Ordinal) || path.StartsWith("diffusion.step", StringComparison.Ordinal);

    private static bool HasRoundedWeights(string call) => IsBehindQuantiser(call)
        || ModuleOf(call) is GraphNames.PatchEncoder or GraphNames.LanguagePrefill or GraphNames.LanguageStep or GraphNames.Velocity or VoxCpmGraphNames.Condition;

    // The engine's residual model reads what its own base model and quantiser made.
    private static bool IsBehindQuantiser(string call) => ModuleOf(call) is VoxCpmGraphNames.ResidualPrefill or VoxCpmGraphNames.ResidualStep;

    private static string ModuleOf(string call) => call[(call.IndexOf('/', StringComparison.Ordinal) + 1)..].Split('.')[0];

    // Both are float32, so each may be off by rounding once more than the other.
    private static string? AgainstOurs(RecordedTensor truth, Recording graph, Dictionary<string, Dictionary<string, RecordedTensor>> found)
    {
        if (!found.TryGetValue(SimdFloat32, out var ours) || !ours.TryGetValue(truth.Name, out var tensor)) return null;
        var between = Difference.Between(tensor, found[graph.Engine.Name][truth.Name]);
        return between.Fault ?? (between.RelativeL2 <= Bounds.GraphAgainstOurs ? null : $"{between.RelativeL2:e2} from our own kernels where {Bounds.GraphAgainstOurs:e0} is allowed");
    }

    // The plain definition can be exact on a row (a copy, a gather); rounding the truth is then the unit, and 1 if that is exact too.
    private static double Units(Difference difference, Difference plain)
    {
        var unit = Math.Max(plain.RelativeL2, plain.Rounding);
        return unit > 0 ? difference.RelativeL2 / unit : difference.RelativeL2 == 0 ? 1 : double.PositiveInfinity;
    }

    // Rows of a call are in the order of computation, so the first broken one is where to look.
    private static IEnumerable<ParityBreak> Breaks(string engine, ParityRow[] rows)
    {
        foreach (var call in rows.GroupBy(row => row.Call))
        {
            var broken = call.Where(row => row.Cells.GetValueOrDefault(engine)?.Break is not null).ToList();
            if (broken.Count > 0) yield return new ParityBreak(engine, broken[0], broken[0].Cells[engine].Break!, broken.Count - 1);
        }
    }

    private static void RequireSame(Recording truth, Recording other)
    {
        var who = $"recording of {other.Engine.Name}";
        Require("sizes", truth.Model.Sizes, other.Model.Sizes);
        if (truth.Model.Hash != other.Model.Hash)
            throw new RecordingException(who, "weights", $"{truth.Model.Hash} ({truth.Model.Name})", $"{other.Model.Hash} ({other.Model.Name}); {FirstUnlike(truth, other)}");
        Require("seed", $"{truth.Seed}", $"{other.Seed}");
        var inputs = other.Inputs.ToDictionary(input => input.Name, StringComparer.Ordinal);
        foreach (var input in truth.Inputs)
        {
            if (!inputs.Remove(input.Name, out var same)) throw new RecordingException(who, $"input {input.Name}", "the input that the truth had", "none of this name");
            if (!same.Shape.AsSpan().SequenceEqual(input.Shape)) throw new RecordingException(who, $"input {input.Name}", $"shape {input.ShapeText}", same.ShapeText);
            if (!same.SameAs(input))
                throw new RecordingException(who, $"input {input.Name}", "the very numbers that the truth had", "other ones; record with --inputs to compute on those of another recording");
        }

        if (inputs.Count > 0) throw new RecordingException(who, $"input {inputs.Keys.First()}", "only inputs that the truth had", "one more");
        var outputs = other.Outputs.ToDictionary(output => output.Name, StringComparer.Ordinal);
        var layers = truth.Engine.Layers && other.Engine.Layers;
        foreach (var output in truth.Outputs)
        {
            if (!outputs.Remove(output.Name, out var same))
            {
                if ((!layers && IsInner(output)) || Bounds.IsEngine(other.Engine.Kind)) continue;
                throw new RecordingException(who, $"tensor {output.Name}", "a tensor that the truth has", "none of this name");
            }

            if (!same.Shape.AsSpan().SequenceEqual(output.Shape)) throw new RecordingException(who, $"tensor {output.Name}", $"shape {output.ShapeText}", same.ShapeText);
        }

        if (outputs.Values.FirstOrDefault(output => layers || !IsInner(output)) is { } extra)
            throw new RecordingException(who, $"tensor {extra.Name}", "only tensors that the truth has", "one more");

        void Require(string what, string expected, string found)
        {
            if (expected != found) throw new RecordingException(who, what, expected, found);
        }
    }

    // Weights are not in the files. Rows are in the order of computation, so the first that no arithmetic explains lies where the weights differ.
    private static string FirstUnlike(Recording truth, Recording other)
    {
        var theirs = other.Outputs.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var first = truth.Outputs.FirstOrDefault(tensor => theirs.TryGetValue(tensor.Name, out var same) && Difference.Between(tensor, same) is not { Fault: null, RelativeL2: < Bounds.GpuSine });
        return first is null ? "no tensor that both hold shows it" : $"the first tensor that differs is {first.Name}";
    }

    private static bool IsInner(RecordedTensor tensor) => ParityRow.KindOf(tensor) is RowKind.Inner or RowKind.TransformerLayer;

    // The first of a name keeps it: bounds are relative to some engines, which are found by name.
    private static Recording[] Renamed(Recording[] engines)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. engines.Select(engine =>
        {
            var name = engine.Engine.Name;
            for (var number = 2; !taken.Add(name); number++) name = $"{engine.Engine.Name} ({number})";
            return engine with { Engine = engine.Engine with { Name = name } };
        })];
    }
}
