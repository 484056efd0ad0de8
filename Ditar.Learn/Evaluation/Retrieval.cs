// Retrieval: among readings of many texts by one voice, is the reading of the right text the nearest to what the model said? Nearness is the
// mean distance of 40-band log-mel frames along the best alignment. Chance is one over the number of candidates.

using Ditar.Reference.Signal;

namespace Ditar.Learn;

/// <summary>The candidates of one voice, ready to be searched.</summary>
public sealed class Retrieval
{
    // 16 ms from frame to frame: alignment costs the square of the frame rate, and phones are longer.
    private static readonly MelSettings Settings = new() { Window = 512, Hop = 256, Bands = 40, Floor = 1e-2 };

    private readonly FeatureFrames[] candidates;

    /// <summary>Takes the readings to search.</summary>
    /// <param name="readings">[candidates] of [time], 16 kHz, -1..1.</param>
    public Retrieval(IEnumerable<float[]> readings)
    {
        ArgumentNullException.ThrowIfNull(readings);
        candidates = [.. readings.Select(r => Features(r))];
        if (candidates.Length == 0) throw new ArgumentException("expected at least one reading, found none", nameof(readings));
    }

    /// <summary>Number of candidates.</summary>
    public int Count => candidates.Length;

    /// <summary>The features that are compared.</summary>
    /// <returns>[frames, 40].</returns>
    public static FeatureFrames Features(ReadOnlySpan<float> samples) => new MelSpectrogram(Settings).Compute(samples);

    /// <summary>The distance from a signal to each candidate.</summary>
    /// <returns>[candidates].</returns>
    public double[] Distances(ReadOnlySpan<float> samples)
    {
        var query = Features(samples);
        return [.. candidates.Select(c => DynamicTimeWarping.Align(query, c).MeanCost)];
    }

    /// <summary>Index of the nearest candidate.</summary>
    public int Nearest(ReadOnlySpan<float> samples)
    {
        double[] distances = Distances(samples);
        return Array.IndexOf(distances, distances.Min());
    }
}
