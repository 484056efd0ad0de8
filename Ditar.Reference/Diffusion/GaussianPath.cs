// How data becomes noise (spec, section 3): x_t = a(t) x0 + s(t) eps with two functions of time, the signal a and the noise s, t from 0 (data) to 1.
// Everything else follows from them and their derivatives: the velocity v = a' x0 + s' eps, the conversions (PathPoint), the posterior of a pair.
// Left out: tables of a and s (a further subclass that interpolates; nothing here needs a formula) and noise levels that differ by position.

namespace Ditar.Reference.Diffusion;

/// <summary>A path from data to noise. Paths are values: two of the same kind and parameters are equal.</summary>
public abstract record GaussianPath
{
    /// <summary>a(t).</summary>
    public abstract double Signal(double t);

    /// <summary>s(t).</summary>
    public abstract double Noise(double t);

    /// <summary>a'(t).</summary>
    public abstract double SignalRate(double t);

    /// <summary>s'(t).</summary>
    public abstract double NoiseRate(double t);

    /// <summary>The path at one time, the same for all of a batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is outside of [0, 1].</exception>
    public PathPoint At(double t) => new(this, t);

    /// <summary>The path at one time per batch item.</summary>
    /// <param name="times">[batch].</param>
    /// <inheritdoc cref="At(double)"/>
    public PathPoint At(Tensor times)
    {
        ArgumentNullException.ThrowIfNull(times);
        if (times.Rank != 1) throw new ArgumentException($"Times are [batch], found {times}.", nameof(times));
        return new PathPoint(this, times.ToDoubles());
    }

    /// <summary>
    /// q(x_earlier | x_later, x0), exact for any pair of times. With the transition a' = a_t / a_s and its variance s'^2 = s_t^2 - a'^2 s_s^2:
    /// mean = (a' s_s^2 x_t + a_s s'^2 x0) / s_t^2, variance = s'^2 s_s^2 / s_t^2.
    /// </summary>
    /// <param name="later">t, above <paramref name="earlier"/>.</param>
    /// <param name="x">[...], the state at the later time.</param>
    /// <param name="clean">[...], x0.</param>
    /// <returns>Mean [...] and the variance of every element.</returns>
    /// <exception cref="ArgumentException">The times are not 0 &lt;= earlier &lt; later &lt;= 1.</exception>
    public (Tensor Mean, double Variance) Posterior(double later, double earlier, Tensor x, Tensor clean)
    {
        if (!(0 <= earlier && earlier < later && later <= 1)) throw new ArgumentException($"A posterior needs 0 <= earlier < later <= 1, found {earlier} and {later}.");
        var noiseLater = Square(Noise(later));
        var noiseEarlier = Square(Noise(earlier));
        var transition = Signal(later) / Signal(earlier);
        var transitionNoise = noiseLater - (Square(transition) * noiseEarlier);
        var mean = (x * (transition * noiseEarlier / noiseLater)) + (clean * (Signal(earlier) * transitionNoise / noiseLater));
        return (mean, transitionNoise * noiseEarlier / noiseLater);
    }

    private static double Square(double x) => x * x;
}

/// <summary>DiTAR's path: x_t = cos(pi t/2) x0 + sin(pi t/2) eps. The variance of unit data stays one.</summary>
public sealed record TrigonometricPath : GaussianPath
{
    private const double QuarterTurn = Math.PI / 2;

    public override double Signal(double t) => Math.Cos(QuarterTurn * t);

    public override double Noise(double t) => Math.Sin(QuarterTurn * t);

    public override double SignalRate(double t) => -QuarterTurn * Math.Sin(QuarterTurn * t);

    public override double NoiseRate(double t) => QuarterTurn * Math.Cos(QuarterTurn * t);
}

/// <summary>VoxCPM's path: x_t = (1 - t) x0 + t eps, so that v = eps - x0.</summary>
public sealed record StraightPath : GaussianPath
{
    public override double Signal(double t) => 1 - t;

    public override double Noise(double t) => t;

    public override double SignalRate(double t) => -1;

    public override double NoiseRate(double t) => 1;
}
