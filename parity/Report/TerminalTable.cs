// The comparison in the terminal: one line per module with the layer that comes nearest to its bound, or one line per tensor.

using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ditar.Parity;

internal static class TerminalTable
{
    private const string Units = "[grey]relative l2 to the truth, in brackets in units of the plain float32 definition's own error[/]";

    /// <param name="layers">Every tensor instead of every module.</param>
    public static void Write(IAnsiConsole console, ParityResult result, bool layers)
    {
        foreach (var recording in result.Engines)
        {
            var where = recording.Machine == MachineIdentity.Here ? "" : $", recorded {recording.Date:yyyy-MM-dd} on {recording.Machine.Processor}";
            console.MarkupLineInterpolated($"[grey]{recording.Engine.Name}: {recording.Engine.Provider}, {recording.Engine.Versions}{where}[/]");
        }

        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn(layers ? "tensor" : "module").NoWrap());
        table.AddColumn(new TableColumn(layers ? "shape" : "tensors").RightAligned());
        foreach (var engine in result.Columns) table.AddColumn(new TableColumn(Markup.Escape(engine.Name)).RightAligned());
        if (!layers) table.AddColumn("nearest to its bound");
        if (layers) AddRows(table, result);
        else AddModules(table, result);
        console.Write(table);
        console.MarkupLine(layers ? Units : $"[grey]for each engine the tensor nearest to its bound;[/] {Units}");
        foreach (var found in result.Breaks) console.MarkupLineInterpolated($"[red]{Verdict.Of(found)}[/]");
        console.MarkupLine(result.Holds ? $"[green]{Markup.Escape(Verdict.Of(result))}[/]" : $"[red]{Markup.Escape(Verdict.Of(result))}[/]");
    }

    private static void AddModules(Table table, ParityResult result)
    {
        foreach (var module in ModuleSummary.Of(result))
        {
            var cells = new List<IRenderable> { new Text($"{module.Scenario}/{module.Module}"), new Text(module.Rows.ToString(CultureInfo.InvariantCulture)) };
            cells.AddRange(result.Columns.Select(engine => module.Worst.TryGetValue(engine.Name, out var worst) ? Cell(worst.Cell) : new Text("")));
            var nearest = module.Worst.Values.OrderBy(worst => worst.Cell.Break is null).ThenByDescending(worst => worst.Cell.Difference.RelativeL2 / worst.Cell.Bound).FirstOrDefault();
            // An engine by itself may have no call for a module.
            cells.Add(new Text(nearest is null ? "" : nearest.Row.Name[(module.Scenario.Length + 1)..]));
            table.AddRow(cells);
        }
    }

    private static void AddRows(Table table, ParityResult result)
    {
        foreach (var row in result.Rows)
        {
            var cells = new List<IRenderable> { new Text(row.Name), new Text(row.Shape) };
            cells.AddRange(result.Columns.Select(engine => row.Cells.TryGetValue(engine.Name, out var cell) ? Cell(cell) : new Text("")));
            table.AddRow(cells);
        }
    }

    private static Text Cell(ParityCell cell)
    {
        var style = cell.Break is null ? Style.Plain : new Style(Color.Red);
        if (cell.Difference.Fault is not null) return new Text("fault", style);
        var units = cell.Float32Units is { } value ? string.Create(CultureInfo.InvariantCulture, $" ({value:0.0})") : "";
        return new Text(string.Create(CultureInfo.InvariantCulture, $"{cell.Difference.RelativeL2:0.0e-0}{units}"), style);
    }
}
