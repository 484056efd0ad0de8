// Philox 4x32-10: a counter-based generator. Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 3.3.
// A block of 128 random bits is a pure function of (key, counter), so a value is addressed instead of drawn: neither the order of the draws
// nor the number of threads can change it. Only integer arithmetic is used, hence every machine gives the same bits.
// Left out: the other members of the family (2x32, 4x64, fewer rounds) and any hidden state; RandomSequence is the sequential view.
namespace Ditar.Reference.Randomness;

/// <summary>128 random bits as two 64-bit halves; word 0 of the published generator is the low half of <see cref="Low"/>.</summary>
public readonly record struct PhiloxBlock(ulong Low, ulong High);

public static class Philox
{
    private const int Rounds = 10;

    // The multipliers and the Weyl increments (golden ratio, sqrt(3) - 1) of the paper.
    private const ulong Multiplier0 = 0xD2511F53;
    private const ulong Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>The block at counter (<paramref name="stream"/>, <paramref name="position"/>) under the key <paramref name="seed"/>.</summary>
    /// <remarks>Counter words 0 and 1 are the position, words 2 and 3 the stream, key words 0 and 1 the seed, low half first.</remarks>
    public static PhiloxBlock Block(ulong seed, ulong stream, ulong position)
    {
        var (c0, c1) = ((uint)position, (uint)(position >> 32));
        var (c2, c3) = ((uint)stream, (uint)(stream >> 32));
        var (k0, k1) = ((uint)seed, (uint)(seed >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var product0 = Multiplier0 * c0;
            var product1 = Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return new PhiloxBlock(c0 | (ulong)c1 << 32, c2 | (ulong)c3 << 32);
    }
}
