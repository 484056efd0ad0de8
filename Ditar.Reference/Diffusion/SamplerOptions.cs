// What a user may choose about the sampler of a DiTAR model. Values that cannot work are refused where they are set.

namespace Ditar.Reference.Diffusion;

public sealed record SamplerOptions
{
    public const int MostSteps = 1000;
    public const double MostGuidance = 20;

    /// <summary>Solver steps (NFE), 1 to 1000. The paper publishes 2, 10 and 25.</summary>
    /// <exception cref="ArgumentException">Out of range.</exception>
    public int Steps
    {
        get;
        init => field = value is >= 1 and <= MostSteps ? value : throw new ArgumentException($"Steps must be 1 to {MostSteps}, found {value}.");
    } = 10;

    /// <summary>w of the guidance, 0 to 20; 0 is none, 1 to 2 is good.</summary>
    /// <exception cref="ArgumentException">Out of range.</exception>
    public double Guidance
    {
        get;
        init => field = value is >= 0 and <= MostGuidance ? value : throw new ArgumentException($"Guidance must be 0 to {MostGuidance}, found {value}.");
    } = 1;

    /// <summary>tau, 0 (always the same speech) to 1 (ordinary sampling).</summary>
    /// <exception cref="ArgumentException">Out of range.</exception>
    public double Temperature
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw new ArgumentException($"Temperature must be 0 to 1, found {value}.");
    } = 1;

    public ulong Seed { get; init; }
}
