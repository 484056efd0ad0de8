// What lies between a tensor and its truth. Shapes must agree, something must be there, and every number must be finite: an error measure over a NaN
// is a NaN at best, so the first one is named instead.
//     e = y - x:    max |e|,    |e| / |x| (relative l2),    x.y / |x||y| (cosine)

using System.Globalization;

namespace Ditar.Parity;

/// <param name="Fault">Why there are no numbers, or null.</param>
/// <param name="WorstIndex">Where |e| is largest, row-major.</param>
/// <param name="RelativeL2">0 when both are zero, infinite when only the truth is.</param>
/// <param name="Rounding">The relative l2 error of the truth rounded to float32: nothing in float32 can be better.</param>
internal sealed record Difference(string? Fault, double MaxAbs, int WorstIndex, double RelativeL2, double Cosine, double Rounding, UlpHistogram Ulps)
{
    /// <param name="truth">Usually float64.</param>
    /// <param name="found">Float32 or float64; ULPs are counted after rounding to float32.</param>
    public static Difference Between(RecordedTensor truth, RecordedTensor found)
    {
        if (!truth.Shape.AsSpan().SequenceEqual(found.Shape)) return Broken($"its shape is {found.ShapeText}, the truth's {truth.ShapeText}");
        var (x, y) = (truth.ToDoubles(), found.ToDoubles());
        if (x.Length == 0) return Broken("it is empty: nothing was compared");
        if (x.Length != y.Length) return Broken($"it holds {y.Length} values, the truth {x.Length}");
        if (FirstNotFinite(x) is { } bad) return Broken($"the truth itself is {Number(x[bad])} at {Place(truth.Shape, bad)}");
        if (FirstNotFinite(y) is { } worse) return Broken($"it is {Number(y[worse])} at {Place(truth.Shape, worse)}");

        double maximum = 0, error = 0, xx = 0, yy = 0, xy = 0, rounding = 0;
        var worst = 0;
        var ulps = new UlpHistogram();
        for (var i = 0; i < x.Length; i++)
        {
            var e = Math.Abs(y[i] - x[i]);
            if (e > maximum) (maximum, worst) = (e, i);
            error += e * e;
            xx += x[i] * x[i];
            yy += y[i] * y[i];
            xy += x[i] * y[i];
            var rounded = (float)x[i];
            rounding += (rounded - x[i]) * (rounded - x[i]);
            ulps.Add(rounded, (float)y[i]);
        }

        var cosine = xx == 0 && yy == 0 ? 1 : xx == 0 || yy == 0 ? 0 : xy / Math.Sqrt(xx) / Math.Sqrt(yy);
        return new Difference(null, maximum, worst, Ratio(error, xx), cosine, Ratio(rounding, xx), ulps);
    }

    /// <summary>[2, 0, 17] of a row-major index.</summary>
    public static string Place(ReadOnlySpan<int> shape, int index)
    {
        var place = new int[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--) (index, place[axis]) = (index / shape[axis], index % shape[axis]);
        return $"[{string.Join(", ", place)}]";
    }

    private static Difference Broken(string fault) => new(fault, double.NaN, -1, double.NaN, double.NaN, double.NaN, new UlpHistogram());

    private static double Ratio(double error, double size) => error == 0 ? 0 : size == 0 ? double.PositiveInfinity : Math.Sqrt(error / size);

    private static int? FirstNotFinite(double[] values)
    {
        var index = Array.FindIndex(values, value => !double.IsFinite(value));
        return index < 0 ? null : index;
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
