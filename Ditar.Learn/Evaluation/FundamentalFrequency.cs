// Median fundamental frequency by autocorrelation: tells a higher voice from a lower one, no more. Every 10 ms a 40 ms window is compared with
// itself at lags of 60 to 400 Hz; windows that are quiet or not periodic do not count.

using System.Numerics.Tensors;

namespace Ditar.Learn;

/// <summary>Pitch of a recording.</summary>
public static class FundamentalFrequency
{
    private const double Lowest = 60, Highest = 400;

    // A period counts as one when the window repeats itself at least this well.
    private const float Periodic = 0.6f;

    // Twice the period repeats as well as the period: the shortest lag that is nearly as good as the best is taken.
    private const float NearlyBest = 0.9f;

    // Windows 20 dB below the recording's loudest are pauses or consonants.
    private const float Quiet = 0.01f;

    /// <summary>The median F0 of the voiced windows in Hz, or null when there are none.</summary>
    /// <param name="samples">[time].</param>
    /// <param name="sampleRate">In Hz.</param>
    public static double? Median(ReadOnlySpan<float> samples, int sampleRate = 16000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 4000);
        int window = sampleRate / 25, hop = sampleRate / 100;
        int shortest = (int)(sampleRate / Highest), longest = (int)(sampleRate / Lowest) + 1;
        float loudest = 0;
        for (int start = 0; start + window <= samples.Length; start += hop)
            loudest = MathF.Max(loudest, TensorPrimitives.SumOfSquares(samples.Slice(start, window)));

        var found = new List<double>();
        var similarity = new float[longest + 2];
        for (int start = 0; start + window + longest + 1 <= samples.Length; start += hop)
        {
            var here = samples.Slice(start, window);
            float energy = TensorPrimitives.SumOfSquares(here);
            if (energy <= Quiet * loudest) continue;
            for (int lag = shortest - 1; lag <= longest + 1; lag++)
            {
                var there = samples.Slice(start + Math.Min(lag, longest + 1), window);
                similarity[lag] = TensorPrimitives.Dot(here, there) / (MathF.Sqrt(energy * TensorPrimitives.SumOfSquares(there)) + 1e-20f);
            }

            if (BestLag(similarity, shortest, longest) is int lag0) found.Add((double)sampleRate / lag0);
        }

        if (found.Count == 0) return null;
        found.Sort();
        return found[found.Count / 2];
    }

    private static int? BestLag(float[] similarity, int shortest, int longest)
    {
        float best = 0;
        for (int lag = shortest; lag <= longest; lag++) best = MathF.Max(best, similarity[lag]);
        if (best < Periodic) return null;
        for (int lag = shortest; lag <= longest; lag++)
        {
            bool peak = similarity[lag] >= similarity[lag - 1] && similarity[lag] >= similarity[lag + 1];
            if (peak && similarity[lag] >= NearlyBest * best) return lag;
        }

        return null;
    }
}
