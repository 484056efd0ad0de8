// Where and how strongly noise enters the reverse ODE. DiTAR's temperature is a time (spec, section 4), VoxCPM's is a factor.

namespace Ditar.Reference.Diffusion;

public abstract record Temperature
{
    /// <summary>m: the number of the grid time at which noise enters; the state before it starts from zero.</summary>
    public abstract int NoiseIndex(TimeGrid grid);

    /// <summary>The factor on the noise.</summary>
    public abstract double NoiseScale { get; }
}

/// <summary>
/// DiTAR's: noise enters at time tau, snapped to the grid. tau = 1 is ordinary sampling, tau = 0 draws nothing and starts from the mode.
/// </summary>
public sealed record NoiseTime(double Tau) : Temperature
{
    public double Tau { get; } = Tau is >= 0 and <= 1 ? Tau : throw new ArgumentOutOfRangeException(nameof(Tau), Tau, "A temperature lies in [0, 1].");

    public override double NoiseScale => 1;

    public override int NoiseIndex(TimeGrid grid) => grid.Nearest(Tau);
}

/// <summary>VoxCPM's: the first noise is multiplied by a factor.</summary>
public sealed record NoiseFactor(double Factor) : Temperature
{
    public override double NoiseScale => Factor;

    public override int NoiseIndex(TimeGrid grid) => grid.Steps;
}
