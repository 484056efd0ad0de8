// Lines over a logarithmic axis as inline SVG: errors of several engines. Colours come from the page's style sheet by series number, so that light and dark
// both work; markers differ too, for those who do not see the colours.

using System.Globalization;
using System.Text;

namespace Ditar.Parity;

/// <param name="Colour">Number of the engine's colour.</param>
internal sealed record PlotLine(string Name, int Colour, IReadOnlyList<(double X, double Y)> Points);

internal sealed class LinePlot(string title, string horizontal, IReadOnlyList<PlotLine> lines, double? bound = null, string boundName = "bound", IReadOnlyList<(double X, string Label)>? ticks = null)
{
    private const int Width = 420;
    private const int Height = 240;
    private const int Left = 48;
    private const int Right = 12;
    private const int Top = 30;
    private const int Bottom = 38;

    // Below this an error is drawn at the axis: zero has no logarithm.
    private const double Smallest = 1e-10;

    public string ToSvg()
    {
        var points = lines.SelectMany(line => line.Points).Where(point => double.IsFinite(point.Y)).ToList();
        if (points.Count == 0) return "";
        var values = points.Select(point => Math.Max(Smallest, point.Y)).Append(bound ?? points[0].Y).Where(value => value > 0).ToList();
        var (low, high) = (Math.Floor(Math.Log10(values.Min())), Math.Ceiling(Math.Log10(values.Max() * 1.05)));
        if (high <= low) high = low + 1;
        var (first, last) = (points.Min(point => point.X), points.Max(point => point.X));
        if (last <= first) last = first + 1;
        double X(double x) => Left + 8 + ((x - first) / (last - first) * (Width - Left - Right - 16));
        double Y(double y) => Height - Bottom - ((Math.Log10(Math.Max(Smallest, y)) - low) / (high - low) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Html.Escape(title)}\"><text class=\"title\" x=\"{Left}\" y=\"18\">{Html.Escape(title)}</text>");
        for (var power = (int)low; power <= high; power++)
        {
            var y = Height - Bottom - ((power - low) / (high - low) * (Height - Top - Bottom));
            Add($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"tick end\" x=\"{Left - 6}\" y=\"{y + 3.5:0.#}\">1e{power}</text>");
        }

        foreach (var (x, label) in ticks ?? WholeTicks(first, last))
            Add($"<text class=\"tick mid\" x=\"{X(x):0.#}\" y=\"{Height - Bottom + 15}\">{Html.Escape(label)}</text>");
        Add($"<text class=\"tick mid\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\">{Html.Escape(horizontal)}</text>");
        if (bound is { } limit)
            Add($"<line class=\"bound\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(limit):0.#}\" y2=\"{Y(limit):0.#}\"/><text class=\"tick end boundname\" x=\"{Width - Right}\" y=\"{Y(limit) - 4:0.#}\">{boundName} {limit:0e-0}</text>");
        foreach (var line in lines)
        {
            var drawn = line.Points.Where(point => double.IsFinite(point.Y)).ToList();
            if (drawn.Count > 1) Add($"<polyline class=\"line s{line.Colour}\" points=\"{string.Join(' ', drawn.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):0.#},{Y(point.Y):0.#}")))}\"/>");
            foreach (var (x, y) in drawn) Add($"<g class=\"mark s{line.Colour}\">{Marker(line.Colour, X(x), Y(y))}<title>{Html.Escape(line.Name)}: {y:0.00e-0}</title></g>");
        }

        return svg.Append("</svg>").ToString();

        void Add(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
    }

    private static IEnumerable<(double X, string Label)> WholeTicks(double first, double last)
    {
        var step = Math.Max(1, (int)Math.Ceiling((last - first) / 8));
        for (var x = (int)first; x <= last; x += step) yield return (x, x.ToString(CultureInfo.InvariantCulture));
    }

    private static string Marker(int kind, double x, double y) => (kind % 4) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"/>"),
        1 => string.Create(CultureInfo.InvariantCulture, $"<rect x=\"{x - 2.7:0.#}\" y=\"{y - 2.7:0.#}\" width=\"5.4\" height=\"5.4\"/>"),
        2 => string.Create(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {y - 3.8:0.#}l3.5 6.4h-7z\"/>"),
        _ => string.Create(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {y - 3.9:0.#}l3.9 3.9l-3.9 3.9l-3.9 -3.9z\"/>"),
    };
}
