// The corpus generator's source of choices: SplitMix64 (Steele, Lea, Flood 2014), a counter put through a mixing function.
// A corpus must be the same on every machine and runtime version, which System.Random does not promise.
// Not used for model noise: that is Philox, in Ditar.Reference.

namespace Ditar.Learn;

/// <summary>A small seeded generator of uniform choices. Not thread-safe; the same seed gives the same sequence everywhere.</summary>
internal sealed class TextRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>An independent generator for item <paramref name="index"/> of the stream <paramref name="seed"/>.</summary>
    public static TextRandom For(ulong seed, long index) => new(Mix(seed ^ Mix((ulong)index + 0x9E3779B97F4A7C15)));

    /// <summary>A uniform 64-bit value.</summary>
    public ulong NextBits() => Mix(state += 0x9E3779B97F4A7C15);

    /// <summary>A uniform integer in [0, <paramref name="limit"/>); the bias of at most limit / 2^64 does not matter here.</summary>
    public int Next(int limit) => (int)Math.BigMul(NextBits(), (ulong)limit, out _);

    /// <summary>A uniform integer in [<paramref name="low"/>, <paramref name="high"/>], both included.</summary>
    public int Between(int low, int high) => low + Next(high - low + 1);

    /// <summary>A uniform number in [0, 1).</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextUnit() < probability;

    /// <summary>One of the choices, all equally likely.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    /// <summary>Fisher-Yates shuffle in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
