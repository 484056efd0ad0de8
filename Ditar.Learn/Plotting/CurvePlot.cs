// Line plots as SVG, for training curves: panels in a grid, linear or logarithmic axes, a legend for each panel. Text and lines only, so that
// a browser shows it as it is. Left out: bars, points, interaction.

using System.Globalization;
using System.Net;
using System.Text;

namespace Ditar.Learn;

/// <summary>A named line; points that an axis cannot show (not finite, or not above zero on a logarithmic one) leave a gap.</summary>
public sealed record PlotSeries(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A pair of axes with its lines.</summary>
public sealed record PlotPanel(string Title, string XLabel, IReadOnlyList<PlotSeries> Series, bool LogX = false, bool LogY = false);

/// <summary>Draws panels.</summary>
public static class CurvePlot
{
    // Lines beyond this many points are drawn as the means of as many stretches: a screen shows no more, and files stay small.
    private const int MostPoints = 500;

    private const double PanelWidth = 480, PanelHeight = 300;
    private const double Left = 62, Right = 18, Top = 56, Bottom = 44;
    private const double TitleHeight = 40;

    // Okabe and Ito's palette, told apart by colour-blind readers too.
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#333333"];

    /// <summary>The plot as the text of an SVG file.</summary>
    /// <param name="title">Above all panels.</param>
    /// <param name="panels">Two in a row, in order.</param>
    public static string Draw(string title, IReadOnlyList<PlotPanel> panels)
    {
        ArgumentNullException.ThrowIfNull(panels);
        int columns = Math.Clamp(panels.Count, 1, 2), rows = (panels.Count + columns - 1) / columns;
        double width = columns * PanelWidth, height = TitleHeight + rows * PanelHeight;
        var svg = new StringBuilder();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(width)} {N(height)}\" width=\"{N(width)}\" height=\"{N(height)}\" ")
            .Append("font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n")
            .Append($"<rect width=\"{N(width)}\" height=\"{N(height)}\" fill=\"#fff\"/>\n");
        Text(svg, width / 2, 26, title, "middle", "font-size=\"17\"");
        for (int i = 0; i < panels.Count; i++)
            DrawPanel(svg, panels[i], i % columns * PanelWidth, TitleHeight + i / columns * PanelHeight);
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>Writes the plot to a file, replacing an older one in one step.</summary>
    public static void Write(string path, string title, IReadOnlyList<PlotPanel> panels)
    {
        string partial = path + ".partial";
        File.WriteAllText(partial, Draw(title, panels));
        File.Move(partial, path, overwrite: true);
    }

    private static void DrawPanel(StringBuilder svg, PlotPanel panel, double atX, double atY)
    {
        var x = new PlotAxis(panel.Series.SelectMany(s => s.Points).Select(p => p.X), panel.LogX);
        var y = new PlotAxis(panel.Series.SelectMany(s => s.Points).Select(p => p.Y), panel.LogY);
        double left = atX + Left, right = atX + PanelWidth - Right, top = atY + Top, bottom = atY + PanelHeight - Bottom;
        double AtX(double value) => left + x.Place(value) * (right - left);
        double AtY(double value) => bottom - y.Place(value) * (bottom - top);

        Text(svg, left, atY + 18, panel.Title, "start", "font-size=\"14\"");
        foreach (double tick in x.Ticks())
        {
            Line(svg, AtX(tick), top, AtX(tick), bottom, "#e4e4e4");
            Text(svg, AtX(tick), bottom + 16, PlotAxis.Label(tick), "middle");
        }

        foreach (double tick in y.Ticks())
        {
            Line(svg, left, AtY(tick), right, AtY(tick), "#e4e4e4");
            Text(svg, left - 6, AtY(tick) + 4, PlotAxis.Label(tick), "end");
        }

        Line(svg, left, bottom, right, bottom, "#666");
        Line(svg, left, top, left, bottom, "#666");
        Text(svg, (left + right) / 2, bottom + 34, panel.XLabel, "middle");

        double legend = left;
        for (int i = 0; i < panel.Series.Count; i++)
        {
            var series = panel.Series[i];
            string colour = Colours[i % Colours.Length];
            Curve(svg, Thinned(series.Points), x, y, AtX, AtY, colour);
            svg.Append($"<rect x=\"{N(legend)}\" y=\"{N(atY + 32)}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>\n");
            Text(svg, legend + 19, atY + 38, series.Name, "start");
            legend += 34 + 6.6 * series.Name.Length;
        }
    }

    private static void Curve(
        StringBuilder svg, IReadOnlyList<(double X, double Y)> points, PlotAxis x, PlotAxis y, Func<double, double> atX, Func<double, double> atY, string colour)
    {
        var path = new StringBuilder();
        bool pen = false;
        foreach (var (px, py) in points)
        {
            if (!x.Shows(px) || !y.Shows(py))
            {
                pen = false;
                continue;
            }

            path.Append(pen ? 'L' : 'M').Append(N(atX(px))).Append(' ').Append(N(atY(py)));
            if (!pen) path.Append("h0"); // a round cap makes a lone point visible
            pen = true;
        }

        if (path.Length > 0)
            svg.Append($"<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n");
    }

    private static IReadOnlyList<(double X, double Y)> Thinned(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count <= MostPoints) return points;
        var means = new (double, double)[MostPoints];
        for (int i = 0; i < MostPoints; i++)
        {
            int from = (int)((long)i * points.Count / MostPoints), to = (int)((i + 1L) * points.Count / MostPoints);
            double x = 0, y = 0;
            for (int j = from; j < to; j++) (x, y) = (x + points[j].X, y + points[j].Y);
            means[i] = (x / (to - from), y / (to - from));
        }

        return means;
    }

    private static void Line(StringBuilder svg, double x1, double y1, double x2, double y2, string colour) =>
        svg.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" stroke=\"{colour}\"/>\n");

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor, string more = "") =>
        svg.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\" {more}>{WebUtility.HtmlEncode(text)}</text>\n");

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
