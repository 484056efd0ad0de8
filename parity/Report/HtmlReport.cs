// The page: one self-contained file (style, script and pictures inside, nothing fetched) with the verdict, a summary per module, error by depth, drift,
// ULP distances, every tensor in a table, and how to get the same again. Pictures are in LinePlot and BarPlot, style and script beside this file.

using System.Globalization;
using System.Text;
using Ditar.Reference.Files;

namespace Ditar.Parity;

/// <param name="commands">Lines that reproduce the run.</param>
internal sealed class HtmlReport(ParityResult result, IReadOnlyList<string> commands)
{
    private const int Colours = 6;
    private readonly StringBuilder page = new();
    private readonly EngineIdentity[] columns = [.. result.Columns];

    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public void Save(string path) => AtomicFile.Write(path, Encoding.UTF8.GetBytes(ToHtml()));

    public string ToHtml()
    {
        page.Clear();
        Raw($"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Parity of {result.Oracle.Model.Name}</title><style>");
        page.Append(Resource("report.css")).Append("</style></head><body><main>");
        Head();
        Engines();
        Modules();
        Plots();
        Rows();
        Reproduce();
        page.Append("</main><script>").Append(Resource("report.js")).Append("</script></body></html>\n");
        return page.ToString();
    }

    private void Head()
    {
        var model = result.Oracle.Model;
        Raw($"<h1>Numerical parity of {model.Name}</h1><p class=\"soft\">Every module and every layer inside it, on the same float32 inputs, against {result.Oracle.Engine.Name}. {result.Oracle.Date:yyyy-MM-dd HH:mm} UTC.</p>");
        Raw($"<div class=\"verdict {(result.Holds ? "good" : "bad")}\">{Verdict.Of(result)}");
        if (result.Breaks.Count > 0)
        {
            page.Append("<ul>");
            foreach (var found in result.Breaks) Raw($"<li>{Verdict.Of(found)}</li>");
            page.Append("</ul>");
        }

        page.Append("</div><div class=\"tiles\">");
        Tile($"{result.Rows.Count:n0}", "tensors compared");
        Tile($"{result.GraphRows:n0}", "of them against ONNX Runtime");
        foreach (var column in columns)
        {
            var outputs = result.Rows.Where(row => row.Kind == RowKind.Output && row.Cells.ContainsKey(column.Name)).Select(row => row.Cells[column.Name].Difference.RelativeL2).ToList();
            if (outputs.Count > 0) Tile(outputs.Any(double.IsNaN) ? "fault" : Number(outputs.Max()), $"largest module error, {column.Name}");
        }

        page.Append("</div>");
    }

    private void Engines()
    {
        page.Append("<h2>Who computed</h2><div class=\"card\"><table><thead><tr><th>engine</th><th>with</th><th>versions</th><th>machine</th></tr></thead><tbody>");
        for (var i = 0; i < result.Engines.Count; i++)
        {
            var (engine, machine) = (result.Engines[i].Engine, result.Engines[i].Machine);
            Raw($"<tr><td>{engine.Name}{(i == 0 ? " (the truth)" : "")}</td><td>{engine.Provider}</td><td>{engine.Versions}</td><td>{machine.Processor}, {machine.Threads} logical processors, vectors of {machine.Vectors}; {machine.System}; {machine.Runtime}</td></tr>");
        }

        page.Append("</tbody></table></div>");
    }

    private void Modules()
    {
        page.Append("<h2>Modules</h2><p class=\"soft\">The largest relative l2 error among a module's outputs, and how near its worst tensor comes to its bound. A full bar is the bound.</p>");
        page.Append("<div class=\"card\"><table><thead><tr><th>module</th><th class=\"n\">calls</th><th class=\"n\">tensors</th>");
        foreach (var column in columns) Raw($"<th>{column.Name}</th>");
        page.Append("</tr></thead><tbody>");
        foreach (var module in ModuleSummary.Of(result))
        {
            Raw($"<tr><td>{module.Scenario} / <b>{module.Module}</b></td><td class=\"n\">{module.Calls}</td><td class=\"n\">{module.Rows}</td>");
            for (var i = 0; i < columns.Length; i++)
            {
                if (!module.Worst.TryGetValue(columns[i].Name, out var worst))
                {
                    page.Append("<td></td>");
                    continue;
                }

                var share = worst.Cell.Break is not null ? 1 : Math.Min(1, worst.Cell.Difference.RelativeL2 / worst.Cell.Bound);
                var error = module.Output.TryGetValue(columns[i].Name, out var output) ? output : worst.Cell.Difference.RelativeL2;
                var bad = worst.Cell.Break is null ? "" : " class=\"bad\"";
                page.Append(CultureInfo.InvariantCulture, $"<td{bad} title=\"{Html.Escape($"{worst.Row.Name}: {Number(worst.Cell.Difference.RelativeL2)} of {Number(worst.Cell.Bound)}")}\">{(double.IsNaN(error) ? "fault" : Number(error))}");
                page.Append(CultureInfo.InvariantCulture, $"<div class=\"bar-bg\"><div class=\"bar-fg b{Colour(i)}\" style=\"width:{100 * share:0.#}%\"></div></div></td>");
            }

            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>");
    }

    private void Plots()
    {
        page.Append("<h2>Error by depth</h2><p class=\"soft\">Relative l2 error of each layer's output; inputs are exact at depth 0, so this is what the layers add up to.</p>");
        Legend();
        page.Append("<div class=\"plots\">");
        foreach (var plot in ReportPlots.ByDepth(result, columns, Colour)) page.Append("<div class=\"card\">").Append(plot.ToSvg()).Append("</div>");
        page.Append("</div>");
        var drift = ReportPlots.Drift(result, columns, Colour).Select(plot => plot.ToSvg()).Where(svg => svg.Length > 0).ToList();
        if (drift.Count > 0)
        {
            page.Append("<h2>Drift</h2><p class=\"soft\">Free running: every engine speaks from its own patches with the same noise, so that errors feed on themselves.</p><div class=\"plots\">");
            foreach (var svg in drift) page.Append("<div class=\"card\">").Append(svg).Append("</div>");
            page.Append("</div>");
        }

        page.Append("<h2>ULP distances</h2><p class=\"soft\">Of every element of every teacher-forced tensor. Elements near zero lie many of their own ULPs away without mattering.</p><div class=\"card\">");
        page.Append(ReportPlots.Ulps(result, columns, Colour).ToSvg()).Append("</div>");
    }

    private void Rows()
    {
        page.Append("<h2>Every tensor</h2><div class=\"tools\"><input id=\"search\" type=\"search\" placeholder=\"filter: utterance velocity layers.2\" aria-label=\"filter\"><select id=\"kind\" aria-label=\"kind\"><option value=\"\">all tensors</option><option value=\"Output\">module outputs</option><option value=\"TransformerLayer\">transformer layers</option><option value=\"Inner\">inside layers</option><option value=\"FreeRunning\">free running</option><option value=\"broken\">broken bounds</option></select><span class=\"soft\" id=\"count\"></span></div>");
        page.Append("<p class=\"soft\">Per engine: relative l2, in units of the plain float32 definition's own error, largest absolute error, 1 − cosine. Click a heading to sort.</p><div class=\"card scroll\"><table id=\"rows\"><thead><tr><th>tensor</th><th>shape</th>");
        foreach (var column in columns) Raw($"<th class=\"n\">{column.Name}</th><th class=\"n\">× f32</th><th class=\"n\">max |e|</th><th class=\"n\">1 − cos</th>");
        page.Append("</tr></thead><tbody>");
        foreach (var row in result.Rows)
        {
            var broken = row.Cells.Values.Any(cell => cell.Break is not null) ? " broken" : "";
            Raw($"<tr data-kind=\"{row.Kind}{broken}\"><td><code>{row.Name}</code></td><td class=\"n\">{row.Shape}</td>");
            foreach (var column in columns) Cell(row.Cells.GetValueOrDefault(column.Name));
            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>");
    }

    private void Cell(ParityCell? cell)
    {
        if (cell is null)
        {
            page.Append("<td data-v=\"-1\"></td><td data-v=\"-1\"></td><td data-v=\"-1\"></td><td data-v=\"-1\"></td>");
            return;
        }

        var bad = cell.Break is null ? "" : " bad";
        var d = cell.Difference;
        if (d.Fault is not null)
        {
            // A cell for each column, so that sorting finds them all; the fault itself stands above the table and under the pointer.
            Raw($"<td class=\"n bad\" data-v=\"1e99\" title=\"{d.Fault}\">fault</td><td data-v=\"1e99\"></td><td data-v=\"1e99\"></td><td data-v=\"1e99\"></td>");
            return;
        }

        page.Append(CultureInfo.InvariantCulture, $"<td class=\"n{bad}\" data-v=\"{d.RelativeL2:r}\" title=\"bound {Number(cell.Bound)}\">{Number(d.RelativeL2)}</td>");
        page.Append(CultureInfo.InvariantCulture, $"<td class=\"n\" data-v=\"{cell.Float32Units ?? -1:r}\">{cell.Float32Units:0.00}</td><td class=\"n\" data-v=\"{d.MaxAbs:r}\">{Number(d.MaxAbs)}</td>");
        page.Append(CultureInfo.InvariantCulture, $"<td class=\"n\" data-v=\"{1 - d.Cosine:r}\">{(d.Cosine >= 1 ? "0" : Number(1 - d.Cosine))}</td>");
    }

    private void Reproduce()
    {
        page.Append("<h2>The same again</h2><pre>");
        foreach (var command in commands) page.Append(Html.Escape(command)).Append('\n');
        page.Append("</pre><div class=\"card\"><table><tbody>");
        Raw($"<tr><th>seed</th><td>{result.Oracle.Seed}</td></tr><tr><th>weights</th><td><code>SHA-256 {result.Oracle.Model.Hash}</code></td></tr><tr><th>sizes</th><td><code>{result.Oracle.Model.Sizes}</code></td></tr>");
        Raw($"<tr><th>bounds</th><td>relative l2: {Bounds.TransformerLayer:0e-0} a transformer layer and {Bounds.Module:0e-0} any other tensor for ours, and at most {Bounds.RatioToGraph} times ONNX Runtime's CPU kernels on the same row (or {Bounds.RatioFloor:0.0e-0}, where both are rounding noise); {Bounds.Module:0e-0} for exported graphs on a CPU, {Bounds.Gpu:0e-0} on a GPU and {Bounds.GpuSine:0.0e-0} where it computes sines; {Bounds.FreeRunning:0e-0} free running, or {Bounds.FreeRunningRatio} times ({Bounds.GpuFreeRunningRatio} on a GPU) what plain float32 drifts. docs/parity.md derives them.</td></tr>");
        page.Append("</tbody></table></div>");
    }

    private void Legend()
    {
        page.Append("<div class=\"legend\">");
        for (var i = 0; i < columns.Length; i++) Raw($"<span><i class=\"b{Colour(i)}\"></i>{columns[i].Name}</span>");
        page.Append("</div>");
    }

    private void Tile(string value, string label) => Raw($"<div class=\"tile\"><b>{value}</b><span>{label}</span></div>");

    private static int Colour(int column) => column % Colours;

    private static string Number(double value) => value == 0 ? "0" : value.ToString("0.0e-0", CultureInfo.InvariantCulture);

    // What is put into the text is escaped; the text itself is HTML.
    private void Raw(FormattableString text) =>
        page.AppendFormat(CultureInfo.InvariantCulture, text.Format, [.. text.GetArguments().Select(argument => argument is string words ? Html.Escape(words) : argument)]);

    private static string Resource(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The program lacks its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
