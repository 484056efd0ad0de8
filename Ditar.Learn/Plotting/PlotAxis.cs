// One axis of a plot: where a value lies and which round numbers are labelled.

using System.Globalization;

namespace Ditar.Learn;

/// <summary>A linear or logarithmic axis over a range of values.</summary>
public sealed class PlotAxis
{
    // 1, 2, 5 steps read best; a logarithmic axis of less than a decade needs some between.
    private static readonly double[] LogSteps = [1, 2, 5];
    private static readonly double[] FineLogSteps = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

    private readonly double low, high;

    /// <summary>An axis that covers the finite values among <paramref name="values"/>; a logarithmic one only those above zero.</summary>
    public PlotAxis(IEnumerable<double> values, bool logarithmic)
    {
        ArgumentNullException.ThrowIfNull(values);
        Logarithmic = logarithmic;
        low = double.PositiveInfinity;
        high = double.NegativeInfinity;
        foreach (double value in values)
        {
            if (!Shows(value)) continue;
            low = Math.Min(low, Warp(value));
            high = Math.Max(high, Warp(value));
        }

        if (low > high) (low, high) = (0, 1);                  // nothing to show: 0..1, or 1..10
        if (high - low < 1e-12 * Math.Max(1, Math.Abs(low)))   // a single value: room around it
        {
            double room = Math.Max(Math.Abs(low) * 0.1, 0.1);
            (low, high) = (low - room, high + room);
        }
    }

    /// <summary>Whether equal ratios, not equal differences, are equally long.</summary>
    public bool Logarithmic { get; }

    /// <summary>Whether a value can be placed: finite, and above zero on a logarithmic axis.</summary>
    public bool Shows(double value) => double.IsFinite(value) && (!Logarithmic || value > 0);

    /// <summary>Where a value lies, 0 at the low end and 1 at the high one.</summary>
    public double Place(double value) => (Warp(value) - low) / (high - low);

    /// <summary>The values to label, rising, all within the range.</summary>
    public IReadOnlyList<double> Ticks()
    {
        if (!Logarithmic)
        {
            double step = NiceStep((high - low) / 6);
            var linear = new List<double>();
            for (double i = Math.Ceiling(low / step - 1e-9); i <= high / step + 1e-9; i++) linear.Add(i * step + 0.0); // + 0.0 turns -0 into 0
            return linear;
        }

        if (high - low > 5) return Decades([1], (int)Math.Ceiling((high - low) / 7));
        return Decades(high - low < 1 ? FineLogSteps : LogSteps, 1);
    }

    /// <summary>A short label.</summary>
    public static string Label(double value) => Math.Abs(value) is >= 1e5 or (> 0 and < 1e-3)
        ? value.ToString("0.#e0", CultureInfo.InvariantCulture)
        : value.ToString("0.####", CultureInfo.InvariantCulture);

    private List<double> Decades(double[] steps, int every)
    {
        var ticks = new List<double>();
        for (int decade = (int)Math.Floor(low); decade <= high; decade += every)
        {
            foreach (double step in steps)
            {
                double value = step * Math.Pow(10, decade);
                if (Place(value) is >= -1e-9 and <= 1 + 1e-9) ticks.Add(value);
            }
        }

        return ticks;
    }

    private static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 } * power;
    }

    private double Warp(double value) => Logarithmic ? Math.Log10(value) : value;
}
