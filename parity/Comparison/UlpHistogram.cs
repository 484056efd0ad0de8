// How many float32 numbers lie between what was found and the correctly rounded truth, element by element, counted in bins that double:
// 0, 1, 2, 3-4, 5-8, ... Distances say nothing about size: an element that should be tiny may be thousands of its own ULPs off and still not matter,
// which is why no bound stands on them. Their use is to see the shape of an error.

using System.Numerics;

namespace Ditar.Parity;

internal sealed class UlpHistogram
{
    /// <summary>0, 1, 2, 3-4, ..., 2^15+1 - 2^16, and more.</summary>
    public const int Bins = 19;

    private readonly long[] counts = new long[Bins];

    public IReadOnlyList<long> Counts => counts;

    public long Total => counts.Sum();

    /// <summary>The bin's smallest distance: 0, 1, 2, 3, 5, 9, ...</summary>
    public static long Lowest(int bin) => bin < 3 ? bin : (1L << (bin - 2)) + 1;

    public static string Label(int bin)
    {
        var (lowest, next) = (Lowest(bin), Lowest(bin + 1));
        return bin == Bins - 1 ? $"≥{lowest}" : next - lowest == 1 ? $"{lowest}" : $"{lowest}–{next - 1}";
    }

    /// <summary>Float32 numbers from a to b; both zeros are one number.</summary>
    public static long Distance(float a, float b) => Math.Abs(Rank(a) - Rank(b));

    public void Add(float truth, float found) => counts[Bin(Distance(truth, found))]++;

    public void Add(UlpHistogram other)
    {
        for (var i = 0; i < Bins; i++) counts[i] += other.counts[i];
    }

    // 0 and 1 are bins of their own, then bin b holds 2^(b-2) < distance <= 2^(b-1).
    private static int Bin(long distance) => distance <= 1 ? (int)distance : Math.Min(Bins - 1, 65 - BitOperations.LeadingZeroCount((ulong)(distance - 1)));

    // The bits of floats order them by magnitude; negative ones are mirrored.
    private static long Rank(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits < 0 ? (long)int.MinValue - bits : bits;
    }
}
