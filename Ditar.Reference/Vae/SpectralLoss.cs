// What makes a reconstruction sound right: distances between spectra at several resolutions (Yamamoto et al. 2020) and between log-mel spectra.
//   spectral convergence  |S - S^| / |S|  (Frobenius norms per item, averaged over items: ours, so that a batch may be cut anywhere)
//   log magnitude         mean |log S - log S^|
//   log-mel               mean |log M - log M^|,  M = mel triangles of S
// S = sqrt(|DFT|^2 + floor^2): a floor with a slope everywhere (ours). The framed DFT is a convolution with a fixed basis: all frames in one product.
// Left out: phase, and any waveform term.

using Ditar.Reference.Signal;

namespace Ditar.Reference.Vae;

/// <summary>Which spectra are compared, and where quiet ends.</summary>
public sealed record SpectralLossConfig
{
    public int SampleRate { get; init; } = 16_000;

    /// <summary>Points of each transform; hops are a quarter.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [1024, 512, 256];

    public double MagnitudeFloor { get; init; } = 1e-3;

    /// <summary>Must be one of <see cref="Windows"/>.</summary>
    public int MelWindow { get; init; } = 1024;

    public int MelBands { get; init; } = 80;

    public double MelFloor { get; init; } = 1e-2;
}

/// <summary>The three distances, each a single number; each spectral one averaged over the resolutions.</summary>
public readonly record struct SpectralDistance(Tensor Convergence, Tensor LogMagnitude, Tensor LogMel)
{
    /// <summary>The recipe's sum: convergence + log magnitude + 2 log-mel.</summary>
    public Tensor Total() => Convergence + LogMagnitude + (LogMel * 2);
}

public sealed class SpectralLoss
{
    private readonly SpectralLossConfig config;
    private readonly Resolution[] resolutions;
    private readonly Tensor mel;                // [bands, bins]

    public SpectralLoss(ElementType type, SpectralLossConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        resolutions = [.. config.Windows.Select(window => new Resolution(type, window, config.MagnitudeFloor))];
        var filters = MelFilterbank.Create(config.SampleRate, config.MelWindow, config.MelBands, 0, config.SampleRate / 2.0);
        mel = Tensor.From(filters, config.MelBands, (config.MelWindow / 2) + 1).To(type).Copy();
    }

    /// <param name="truth">[batch, time, 1].</param>
    /// <param name="guess">[batch, time, 1].</param>
    /// <exception cref="ArgumentException">Shapes differ.</exception>
    public SpectralDistance Between(Tensor truth, Tensor guess)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(guess);
        if (!truth.Shape.SequenceEqual(guess.Shape)) throw new ArgumentException($"Compared signals must have one shape, found {truth} and {guess}.");
        Tensor? convergence = null, logMagnitude = null, logMel = null;
        foreach (var resolution in resolutions)
        {
            var s = resolution.Power(truth);                                                       // [batch, frames, bins]
            var g = resolution.Power(guess);
            var (sRoot, gRoot) = (s.Sqrt(), g.Sqrt());
            convergence = Add(convergence, (Norm(sRoot - gRoot) / Norm(sRoot)).Mean());
            logMagnitude = Add(logMagnitude, (s.Log() - g.Log()).Abs().Mean() * 0.5);             // log S = log(S^2) / 2
            if (resolution.Window == config.MelWindow && logMel is null) logMel = (LogMel(sRoot) - LogMel(gRoot)).Abs().Mean();
        }

        return new SpectralDistance(
            convergence! / resolutions.Length, logMagnitude! / resolutions.Length,
            logMel ?? throw new InvalidOperationException($"{nameof(config.MelWindow)} {config.MelWindow} is none of the windows."));
    }

    private Tensor LogMel(Tensor magnitude) => magnitude.Linear(mel).Clamp(config.MelFloor, double.PositiveInfinity).Log();

    // The Frobenius norm of each item: [batch]. The floor under S keeps the root away from zero wherever there is a frame.
    private static Tensor Norm(Tensor x) => (x.Square().Reshape(x[0], -1).Sum(1, keep: false) + 1e-12).Sqrt();

    private static Tensor Add(Tensor? sum, Tensor term) => sum is null ? term : sum + term;

    private sealed class Resolution
    {
        private readonly Tensor basis;          // [2 * bins, window, 1]
        private readonly double floor;

        public Resolution(ElementType type, int window, double floor)
        {
            (Window, this.floor) = (window, floor);
            var values = new double[2 * Bins * window];
            for (var k = 0; k < Bins; k++)
            {
                for (var n = 0; n < window; n++)
                {
                    var turn = 2.0 * ((long)k * n % window) / window;
                    var hann = InverseStft.Hann(n, window);
                    values[(k * window) + n] = hann * double.CosPi(turn);
                    values[((Bins + k) * window) + n] = -hann * double.SinPi(turn);
                }
            }

            basis = Tensor.From(type, values, 2 * Bins, window, 1).Copy();
        }

        public int Window { get; }

        private int Bins => (Window / 2) + 1;

        // |DFT|^2 + floor^2 of frames every quarter window; zeros outside, so that the edges count as much as the middle.
        public Tensor Power(Tensor x)
        {
            var hop = Window / 4;
            var edge = (Window - hop) / 2;
            var parts = x.Pad(1, edge, edge).Convolve(basis, stride: hop);                         // [batch, frames, 2 * bins]
            return parts.Square().Reshape(parts[0], parts[1], 2, Bins).Sum(2, keep: false) + (floor * floor);
        }
    }
}
