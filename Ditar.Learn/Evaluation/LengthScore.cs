// Did the model stop in time? Generated lengths against the reference's, as the issue of the stop head is judged: within a quarter either way.

namespace Ditar.Learn;

/// <summary>Lengths of many utterances against their references.</summary>
/// <param name="Utterances">How many were compared.</param>
/// <param name="MeanRatio">Mean of generated over reference length.</param>
/// <param name="WithinQuarter">Share whose ratio is within 0.75 to 1.25.</param>
/// <param name="AtLimit">How many ran to the limit of the generation instead of stopping.</param>
public readonly record struct LengthScore(int Utterances, double MeanRatio, double WithinQuarter, int AtLimit)
{
    /// <summary>Scores utterances, in patches or any other unit of length.</summary>
    /// <param name="lengths">Generated and reference length, and whether the stop head ended the utterance (false: it ran to the limit).</param>
    /// <exception cref="ArgumentException">None were given, or a reference has no length.</exception>
    public static LengthScore Of(IReadOnlyCollection<(double Generated, double Reference, bool Stopped)> lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        if (lengths.Count == 0) throw new ArgumentException("expected at least one utterance, found none", nameof(lengths));
        if (lengths.Any(l => !(l.Reference > 0))) throw new ArgumentException("expected references longer than zero", nameof(lengths));
        return new LengthScore(
            lengths.Count,
            lengths.Average(l => l.Generated / l.Reference),
            (double)lengths.Count(l => l.Stopped && Math.Abs(l.Generated / l.Reference - 1) <= 0.25) / lengths.Count,
            lengths.Count(l => !l.Stopped));
    }
}
