// From a training log to panels: the log has one JSON object a line, with "step" and any numbers. A line that is cut off (the run may be
// writing) or holds no step is passed over; a restarted run's older lines after its checkpoint give way to the newer ones.

using System.Text.Json;

namespace Ditar.Learn;

/// <summary>Which numbers of the log share a panel.</summary>
/// <param name="Title">Above the panel.</param>
/// <param name="Keys">Fields of the log; those it does not have are left out.</param>
/// <param name="LogY">Whether the vertical axis is logarithmic.</param>
/// <param name="LogX">Whether the axis of steps is logarithmic.</param>
public sealed record CurvePanel(string Title, IReadOnlyList<string> Keys, bool LogY = false, bool LogX = false);

/// <summary>Reads training logs for plotting.</summary>
public static class TrainingCurves
{
    private const string StepKey = "step";

    /// <summary>Panels of a log; panels without any number are left out.</summary>
    public static IReadOnlyList<PlotPanel> FromLog(IEnumerable<string> lines, IReadOnlyList<CurvePanel> panels)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(panels);
        var curves = panels.SelectMany(p => p.Keys).Distinct().ToDictionary(key => key, _ => new SortedDictionary<double, double>());
        foreach (string line in lines) AddLine(line, curves);

        var drawn = new List<PlotPanel>();
        foreach (var panel in panels)
        {
            PlotSeries[] series = [.. panel.Keys.Where(key => curves[key].Count > 0).Select(key => new PlotSeries(key, [.. curves[key].Select(p => (p.Key, p.Value))]))];
            if (series.Length > 0) drawn.Add(new PlotPanel(panel.Title, StepKey, series, panel.LogX, panel.LogY));
        }

        return drawn;
    }

    private static void AddLine(string line, Dictionary<string, SortedDictionary<double, double>> curves)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty(StepKey, out var step) || step.ValueKind != JsonValueKind.Number) return;
            foreach (var (key, points) in curves)
            {
                if (json.RootElement.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number)
                    points[step.GetDouble()] = value.GetDouble();
            }
        }
        catch (JsonException)
        {
            // The last line of a running log may be half written.
        }
    }
}
