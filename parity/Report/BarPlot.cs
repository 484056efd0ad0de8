// The ULP distances of all engines as grouped bars, inline SVG: share of elements on a logarithmic axis, because the tail is what is looked for.

using System.Globalization;
using System.Text;

namespace Ditar.Parity;

internal sealed class BarPlot(string title, IReadOnlyList<(string Name, int Colour, UlpHistogram Histogram)> engines)
{
    private const int Width = 880;
    private const int Height = 260;
    private const int Left = 60;
    private const int Right = 12;
    private const int Top = 30;
    private const int Bottom = 42;

    // Decades of the axis: 100 % down to one element in a million.
    private const int Decades = 6;

    public string ToSvg()
    {
        var svg = new StringBuilder();
        Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Html.Escape(title)}\"><text class=\"title\" x=\"{Left}\" y=\"18\">{Html.Escape(title)}</text>");
        for (var decade = 0; decade <= Decades; decade++)
        {
            var y = Top + (decade * (Height - Top - Bottom) / (double)Decades);
            Add($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"tick end\" x=\"{Left - 6}\" y=\"{y + 3.5:0.#}\">{100 * Math.Pow(10, -decade):0.####} %</text>");
        }

        var slot = (Width - Left - Right) / (double)UlpHistogram.Bins;
        var bar = (slot - 6) / Math.Max(1, engines.Count);
        for (var bin = 0; bin < UlpHistogram.Bins; bin++)
        {
            var x = Left + (bin * slot);
            Add($"<text class=\"tick mid small\" x=\"{x + (slot / 2):0.#}\" y=\"{Height - Bottom + 14}\">{Html.Escape(Short(bin))}</text>");
            for (var number = 0; number < engines.Count; number++)
            {
                var (name, colour, histogram) = engines[number];
                if (histogram.Total == 0 || histogram.Counts[bin] == 0) continue;
                var share = histogram.Counts[bin] / (double)histogram.Total;
                var height = Math.Max(1, (Height - Top - Bottom) * (1 + (Math.Log10(share) / Decades)));
                Add($"<rect class=\"bar s{colour}\" x=\"{x + 3 + (number * bar):0.#}\" y=\"{Height - Bottom - height:0.#}\" width=\"{Math.Max(1, bar - 1):0.#}\" height=\"{height:0.#}\"><title>{Html.Escape(name)}: {100 * share:0.####} % at {UlpHistogram.Label(bin)} ULP</title></rect>");
            }
        }

        Add($"<text class=\"tick mid\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\">distance in float32 ULPs from the correctly rounded truth (upper end of each bin)</text>");
        return svg.Append("</svg>").ToString();

        void Add(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
    }

    private static string Short(int bin)
    {
        if (bin == UlpHistogram.Bins - 1) return "more";
        var highest = UlpHistogram.Lowest(bin + 1) - 1;
        return highest < 1024 ? highest.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{highest / 1024}k");
    }
}
