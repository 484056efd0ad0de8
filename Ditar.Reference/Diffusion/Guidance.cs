// How the velocities with and without the language model's condition become one (spec, section 3; VoxCPM's cfg_value is 1 + w).

namespace Ditar.Reference.Diffusion;

/// <summary>A guidance rule of weight w; w = 0 needs the conditional velocity only.</summary>
public abstract record Guidance(double Weight)
{
    /// <summary>How many of the first steps of a sampler stand still, without a velocity.</summary>
    public virtual int RestingSteps(int steps) => 0;

    /// <param name="conditional">[batch, ...], v(h).</param>
    /// <param name="unconditional">[batch, ...], v(0).</param>
    /// <returns>[batch, ...].</returns>
    public abstract Tensor Combine(Tensor conditional, Tensor unconditional);
}

/// <summary>(1 + w) v(h) - w v(0).</summary>
public sealed record PlainGuidance(double Weight) : Guidance(Weight)
{
    public override Tensor Combine(Tensor conditional, Tensor unconditional) => (conditional * (1 + Weight)) - (unconditional * Weight);
}

/// <summary>
/// CFG-Zero* (Fan et al., arXiv 2503.18886): v(0) is first scaled by the projection &lt;v(h), v(0)&gt; / (|v(0)|^2 + 1e-8) over the whole patch, and
/// the first 4 % of the grid, at least one step, rest.
/// </summary>
public sealed record ZeroStarGuidance(double Weight, double RestingShare = 0.04) : Guidance(Weight)
{
    private const double SmallestSquare = 1e-8;

    public override int RestingSteps(int steps) => Math.Max(1, (int)(RestingShare * (steps + 1)));

    public override Tensor Combine(Tensor conditional, Tensor unconditional)
    {
        Span<int> perItem = stackalloc int[conditional.Rank];
        perItem.Fill(1);
        perItem[0] = conditional[0];
        var projection = SumPerItem(conditional * unconditional) / (SumPerItem(unconditional.Square()) + SmallestSquare);           // [batch, 1]
        return (conditional * (1 + Weight)) - (unconditional * projection.Reshape(perItem) * Weight);
    }

    private static Tensor SumPerItem(Tensor x) => x.Reshape(x[0], -1).Sum(1);
}
