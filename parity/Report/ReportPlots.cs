// Which numbers of a comparison go into which picture of the page.

using System.Globalization;

namespace Ditar.Parity;

internal static class ReportPlots
{
    /// <summary>One picture per call that has layers at several depths; of a module's calls the first.</summary>
    public static IEnumerable<LinePlot> ByDepth(ParityResult result, EngineIdentity[] columns, Func<int, int> colour)
    {
        foreach (var module in result.Rows.Where(IsWholeLayer).GroupBy(row => (row.Scenario, row.Module)))
        {
            var rows = module.GroupBy(row => row.Call).First().OrderBy(row => row.Depth).ToList();
            if (rows.Count < 2) continue;
            PlotLine[] lines = [.. columns.Select((column, i) => Line(column.Name, colour(i), rows.Where(row => row.Cells.ContainsKey(column.Name))
                .Select(row => ((double)row.Depth!, row.Cells[column.Name].Difference.RelativeL2))))];
            var transformer = rows[0].Kind == RowKind.TransformerLayer;
            yield return new LinePlot($"{rows[0].Call}", transformer ? "transformer layer" : "block", lines, transformer ? Bounds.TransformerLayer : Bounds.Module, "bound of ours");
        }
    }

    public static IEnumerable<LinePlot> Drift(ParityResult result, EngineIdentity[] columns, Func<int, int> colour)
    {
        foreach (var run in result.Rows.Where(row => row.Kind == RowKind.FreeRunning).GroupBy(row => (row.Scenario, What: row.Path.Split('.')[0])))
        {
            var marks = run.Select(Patches).ToList();
            PlotLine[] lines = [.. columns.Select((column, i) => Line(column.Name, colour(i), run.Where(row => row.Cells.ContainsKey(column.Name))
                .Select(row => (Math.Log2(Patches(row)), row.Cells[column.Name].Difference.RelativeL2))))];
            yield return new LinePlot(
                $"{run.Key.Scenario}: {run.Key.What}", "patches spoken", lines, Bounds.FreeRunning, ticks: [.. marks.Select(mark => (Math.Log2(mark), mark.ToString(CultureInfo.InvariantCulture)))]);
        }
    }

    public static BarPlot Ulps(ParityResult result, EngineIdentity[] columns, Func<int, int> colour) => new("share of elements by distance",
    [
        .. columns.Select((column, i) =>
        {
            var sum = new UlpHistogram();
            foreach (var row in result.Rows.Where(row => row.Kind != RowKind.FreeRunning))
                if (row.Cells.GetValueOrDefault(column.Name) is { } cell) sum.Add(cell.Difference.Ulps);
            return (column.Name, colour(i), sum);
        }),
    ]);

    // encoder.transformer.layers.1, decoder.frame_blocks.3, encoder.stages.2: a number is the last part.
    private static bool IsWholeLayer(ParityRow row) => row.Depth is not null && row.Path.Split('.') is [.., "layers" or "frame_blocks" or "stages", _];

    private static int Patches(ParityRow row) => int.Parse(row.Path.Split('.')[1], NumberStyles.None, CultureInfo.InvariantCulture);

    private static PlotLine Line(string name, int colour, IEnumerable<(double, double)> points) => new(name, colour, [.. points]);
}
