// A table of things computed by ONNX Runtime and by us in the same run, taking turns: medians, the middle half of the turns, their ratio, and the bar that
// the ratio is held against. Printed to the terminal as it is written to the docs.

using System.Globalization;
using System.Text;

namespace Ditar.Bench;

/// <param name="What">With the shape and the number of threads.</param>
/// <param name="Format">Of our weights.</param>
/// <param name="Onnx">ONNX Runtime's time; null where it has nothing to compare.</param>
/// <param name="Bar">Least wanted ratio of ONNX Runtime's median to ours; null for none.</param>
/// <param name="Limit">How near the machine's limit ours is: "81 % of FMA", or empty.</param>
internal sealed record BesideLine(string What, string Format, Timing? Onnx, Timing Ours, double? Bar, string Limit)
{
    public double? Ratio => Onnx is { } onnx ? onnx.Median / Ours.Median : null;
}

internal sealed class BesideTable(string title, string against = "ONNX Runtime float32")
{
    private readonly List<BesideLine> lines = [];

    public IReadOnlyList<BesideLine> Lines => lines;

    public void Add(BesideLine line) => lines.Add(line);

    public string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### {title}\n");
        text.AppendLine(CultureInfo.InvariantCulture, $"| what | our weights | {against} | ours | ratio | bar | of the machine's limit |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (var line in lines)
        {
            var ratio = line.Ratio is { } r ? string.Create(CultureInfo.InvariantCulture, $"{r:0.00}") : "";
            var bar = line.Bar is { } b ? string.Create(CultureInfo.InvariantCulture, $"{b:0.00##} {(line.Ratio >= b ? "met" : "**missed**")}") : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {line.What} | {line.Format} | {Time(line.Onnx)} | {Time(line.Ours)} | {ratio} | {bar} | {line.Limit} |");
        }

        return text.ToString();
    }

    /// <summary>"13.1 ms (12.8 to 13.9)": the median and the middle half.</summary>
    public static string Time(Timing? timing)
    {
        if (timing is not { } t) return "";
        var (unit, factor) = t.Median < 1e-3 ? ("us", 1e6) : t.Median < 1 ? ("ms", 1e3) : ("s", 1.0);
        return $"{Three(t.Median * factor)} {unit} ({Three(t.LowerQuartile * factor)} to {Three(t.UpperQuartile * factor)})";
    }

    /// <summary>Three digits that matter.</summary>
    public static string Three(double value) =>
        value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : value >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);
}
