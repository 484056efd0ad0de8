// All calls of one module in one scenario as one line: for each engine the row that comes nearest to its bound.

namespace Ditar.Parity;

/// <param name="Row">Where the error is the largest share of its bound, or a break.</param>
internal sealed record WorstCell(ParityRow Row, ParityCell Cell);

/// <param name="Rows">Tensors compared.</param>
/// <param name="Worst">By engine name.</param>
/// <param name="Output">By engine name: the largest relative l2 among the module's outputs.</param>
internal sealed record ModuleSummary(string Scenario, string Module, int Calls, int Rows, IReadOnlyDictionary<string, WorstCell> Worst, IReadOnlyDictionary<string, double> Output)
{
    public bool Holds => Worst.Values.All(worst => worst.Cell.Break is null);

    public static IReadOnlyList<ModuleSummary> Of(ParityResult result) =>
    [
        .. result.Rows.GroupBy(row => (row.Scenario, row.Module)).Select(module =>
        {
            var worst = new Dictionary<string, WorstCell>();
            var output = new Dictionary<string, double>();
            foreach (var engine in result.Columns)
            {
                var cells = module.Where(row => row.Cells.ContainsKey(engine.Name)).Select(row => new WorstCell(row, row.Cells[engine.Name])).ToList();
                if (cells.Count == 0) continue;
                worst[engine.Name] = cells.FirstOrDefault(cell => cell.Cell.Break is not null) ?? cells.MaxBy(cell => cell.Cell.Difference.RelativeL2 / cell.Cell.Bound)!;
                var outputs = cells.Where(cell => cell.Row.Kind is RowKind.Output or RowKind.FreeRunning).ToList();
                if (outputs.Count > 0) output[engine.Name] = outputs.Max(cell => cell.Cell.Difference.RelativeL2);
            }

            return new ModuleSummary(module.Key.Scenario, module.Key.Module, module.Select(row => row.Call).Distinct().Count(), module.Count(), worst, output);
        }),
    ];
}
