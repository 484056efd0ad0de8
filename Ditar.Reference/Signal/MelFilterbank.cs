// Triangular filters evenly spaced on the HTK mel scale, mel = 2595 log10(1 + f / 700). Each triangle peaks at 1 (no area normalisation),
// its feet are the centres of its neighbours.

namespace Ditar.Reference.Signal;

/// <summary>Weights that turn a magnitude spectrum into mel bands.</summary>
public static class MelFilterbank
{
    /// <summary>Hz to mel.</summary>
    public static double Mel(double hertz) => 2595 * Math.Log10(1 + hertz / 700);

    /// <summary>Mel to Hz.</summary>
    public static double Hertz(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);

    /// <summary>The weights of a filterbank.</summary>
    /// <param name="sampleRate">In Hz.</param>
    /// <param name="fftLength">Length of the transform, n.</param>
    /// <param name="bands">Number of triangles.</param>
    /// <param name="low">Lower foot of the first triangle, in Hz.</param>
    /// <param name="high">Upper foot of the last triangle, in Hz.</param>
    /// <returns>[bands, n / 2 + 1], row by row.</returns>
    /// <exception cref="ArgumentException">The range is empty or above half the sample rate, or a triangle falls between two bins.</exception>
    public static float[] Create(int sampleRate, int fftLength, int bands, double low, double high)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        ArgumentOutOfRangeException.ThrowIfLessThan(fftLength, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bands);
        if (!(low >= 0 && low < high && high <= sampleRate / 2.0))
            throw new ArgumentException($"expected 0 <= low < high <= {sampleRate / 2.0} Hz, found {low} and {high}");

        int bins = fftLength / 2 + 1;
        double first = Mel(low), step = (Mel(high) - first) / (bands + 1);
        var weights = new float[bands * bins];
        for (int band = 0; band < bands; band++)
        {
            double left = Hertz(first + band * step), centre = Hertz(first + (band + 1) * step), right = Hertz(first + (band + 2) * step);
            bool any = false;
            for (int bin = 0; bin < bins; bin++)
            {
                double f = (double)bin * sampleRate / fftLength;
                double weight = Math.Min((f - left) / (centre - left), (right - f) / (right - centre));
                if (weight <= 0) continue;
                weights[band * bins + bin] = (float)weight;
                any = true;
            }

            if (!any)
                throw new ArgumentException($"mel band {band} of {bands} ({left:F0} to {right:F0} Hz) holds no bin of a {fftLength}-point transform; use fewer bands or a longer one");
        }

        return weights;
    }
}
