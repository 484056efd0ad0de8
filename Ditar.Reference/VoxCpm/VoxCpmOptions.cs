// What a caller may choose about one utterance, with the official defaults.

using Ditar.Reference.Diffusion;

namespace Ditar.Reference.VoxCpm;

public sealed record VoxCpmOptions
{
    /// <summary>Solver steps, 1 to 1000; the first rests.</summary>
    public int Steps { get; init => field = value is >= 1 and <= SamplerOptions.MostSteps ? value : throw new ArgumentException($"Steps must be 1 to {SamplerOptions.MostSteps}, found {value}."); } = 10;

    /// <summary>cfg_value, 1 (none) to 20.</summary>
    public double Guidance { get; init => field = value is >= 0 and <= 20 ? value : throw new ArgumentException($"Guidance must be 0 to 20, found {value}."); } = 2;

    /// <summary>The stop head is not heard for the patches up to this number, counted from 0: at least MinLength + 2 are made.</summary>
    public int MinLength { get; init => field = value >= 0 ? value : throw new ArgumentException($"A least length cannot be {value}."); } = 2;

    public int MaxLength { get; init => field = value >= 1 ? value : throw new ArgumentException($"A greatest length cannot be {value}."); } = 4096;

    /// <summary>Patches per token of the text beyond which something went wrong; ten more are allowed.</summary>
    public double LongestRatio { get; init => field = value > 0 ? value : throw new ArgumentException($"A ratio cannot be {value}."); } = 6;

    /// <summary>Tokens such as "&lt;|audio_start|&gt;" that occur in a text as text are meant.</summary>
    public bool Literals { get; init; }

    public PatchSampler Sampler => PatchSampler.VoxCpm(Steps, Guidance);
}
