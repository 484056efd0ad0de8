// The low-pass filter of the resampler: a sinc under a Kaiser window, cut into one row of coefficients per output phase.
// J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974: window shape and length from the stop-band level A
// and the width of the transition band. Here A = 100 dB, and the band runs from 92 % of the lower of the two Nyquist frequencies up to that
// frequency itself, so whatever would fold back is 100 dB down, and the loss of treble begins at 7.4 kHz for 16 kHz output.
namespace Ditar.Reference.Signal;

internal sealed class ResamplerFilter
{
    private const double StopBandDecibel = 100;
    private const double PassBandEdge = 0.92;

    // Linear interpolation between rows h apart errs by at most h^2/8 max|sinc''| = h^2 pi^2/24: with 1024 rows per zero crossing 4e-7, -128 dB.
    private const int InterpolatedRows = 1024;
    private const int MostExactCoefficients = 1 << 20;

    private readonly float[] coefficients;
    private readonly int rows;
    private readonly bool exact;

    /// <param name="up">L: output samples per M input samples, without common divisor.</param>
    /// <param name="down">M.</param>
    public ResamplerFilter(int up, int down)
    {
        // Everything is measured in input samples. When the rate falls, the filter grows wider by the same factor.
        var stretch = Math.Max(1.0, (double)down / up);
        var transition = (1 - PassBandEdge) * 0.5 / stretch;                     // cycles per input sample
        HalfWidth = (int)Math.Ceiling((StopBandDecibel - 7.95) / (14.36 * transition) / 2);
        exact = (long)up * Taps <= MostExactCoefficients;
        rows = exact ? up : (int)Math.Ceiling(InterpolatedRows / stretch);
        coefficients = new float[(exact ? rows : rows + 1) * Taps];
        var cutoff = (1 + PassBandEdge) / 2 / stretch;                           // of the input's Nyquist frequency
        for (var row = 0; row < coefficients.Length / Taps; row++)
            FillRow(coefficients.AsSpan(row * Taps, Taps), (double)row / rows, cutoff);
    }

    /// <summary>How many input samples the filter reaches to either side.</summary>
    public int HalfWidth { get; }

    /// <summary>Coefficients per row: input samples 1 - HalfWidth .. HalfWidth around the whole part of the output's time.</summary>
    public int Taps => 2 * HalfWidth;

    /// <summary>The filtered value between two samples.</summary>
    /// <param name="samples">[Taps], from 1 - HalfWidth before the whole part of the time.</param>
    /// <param name="phase">The fraction of the time, phase / up with 0 &lt;= phase &lt; up.</param>
    public float Apply(ReadOnlySpan<float> samples, int phase, int up)
    {
        if (exact)
            return (float)Dot(samples, Row(phase));
        var position = (double)phase * rows / up;
        var row = (int)position;
        var weight = position - row;
        return (float)((1 - weight) * Dot(samples, Row(row)) + weight * Dot(samples, Row(row + 1)));
    }

    private ReadOnlySpan<float> Row(int row) => coefficients.AsSpan(row * Taps, Taps);

    // Four sums in double: the order is fixed, so the bits do not depend on the vector width.
    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var i = 0;
        for (; i <= a.Length - 4; i += 4)
        {
            s0 += (double)a[i] * b[i];
            s1 += (double)a[i + 1] * b[i + 1];
            s2 += (double)a[i + 2] * b[i + 2];
            s3 += (double)a[i + 3] * b[i + 3];
        }

        for (; i < a.Length; i++)
            s0 += (double)a[i] * b[i];
        return s0 + s1 + (s2 + s3);
    }

    private void FillRow(Span<float> row, double fraction, double cutoff)
    {
        var beta = 0.1102 * (StopBandDecibel - 8.7);
        var values = new double[row.Length];
        double sum = 0;
        for (var tap = 0; tap < values.Length; tap++)
        {
            var distance = tap + 1 - HalfWidth - fraction;                       // of the input sample from the output's time
            var place = distance / HalfWidth;
            var window = Math.Abs(place) >= 1 ? 0 : BesselI0(beta * Math.Sqrt(1 - place * place));
            var angle = Math.PI * cutoff * distance;
            values[tap] = window * (angle == 0 ? 1 : Math.Sin(angle) / angle);
            sum += values[tap];
        }

        // Every row sums to one, so that a constant stays one at every phase (to the rounding of the coefficients).
        for (var tap = 0; tap < values.Length; tap++)
            row[tap] = (float)(values[tap] / sum);
    }

    /// <summary>Modified Bessel function of order zero: sum over k of ((x/2)^k / k!)^2.</summary>
    private static double BesselI0(double x)
    {
        double term = 1, sum = 1;
        for (var k = 1; term > 1e-17 * sum; k++)
            sum += term *= x * x / (4.0 * k * k);
        return sum;
    }
}
