// The low-pass filter of anti-aliased activations: a sinc with its cutoff at a quarter of the doubled rate (half of it is silent after doubling), under
// a Kaiser window (Kaiser 1974; 51 dB of attenuation by its formula for this length). 12 taps, as in BigVGAN (Lee et al. 2023); an even
// number, so that up and down again is a whole number of steps and the pair delays nothing.

namespace Ditar.Reference.Vae;

public static class HalfBandFilter
{
    public const int Taps = 12;
    private const double Cutoff = 0.25;                  // cycles per sample of the doubled rate
    private const double HalfWidth = 0.3;                // of the transition band, relative to half the doubled rate

    /// <summary>[Taps] coefficients that sum to 1, symmetric.</summary>
    public static double[] Create()
    {
        var attenuation = (2.285 * ((Taps / 2) - 1) * Math.PI * 4 * HalfWidth) + 7.95;
        var beta = attenuation > 50
            ? 0.1102 * (attenuation - 8.7)
            : attenuation >= 21 ? (0.5842 * Math.Pow(attenuation - 21, 0.4)) + (0.07886 * (attenuation - 21)) : 0;
        var taps = new double[Taps];
        for (var n = 0; n < Taps; n++)
        {
            var t = n - ((Taps - 1) / 2.0);                                                        // -5.5 .. 5.5, never 0
            var edge = 2 * t / (Taps - 1);
            var angle = Math.PI * 2 * Cutoff * t;
            taps[n] = Math.Sin(angle) / angle * BesselI0(beta * Math.Sqrt(1 - (edge * edge))) / BesselI0(beta);
        }

        var sum = taps.Sum();
        return [.. taps.Select(tap => tap / sum)];
    }

    // The modified Bessel function of order zero by its series sum of ((x/2)^k / k!)^2.
    private static double BesselI0(double x)
    {
        double sum = 1, term = 1;
        for (var k = 1; term > sum * 1e-17; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
