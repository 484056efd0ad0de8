// MT19937 (Matsumoto and Nishimura 1998), the generator behind PyTorch's CPU random numbers: only to reproduce a seed of theirs. Ours is Philox.
namespace Ditar.Reference.Randomness;

public sealed class MersenneTwister
{
    private const int Length = 624;
    private const int Shift = 397;
    private readonly uint[] state = new uint[Length];
    private int next = Length;

    public MersenneTwister(uint seed)
    {
        state[0] = seed;
        for (var i = 1; i < Length; i++) state[i] = (1812433253u * (state[i - 1] ^ (state[i - 1] >> 30))) + (uint)i;
    }

    /// <summary>The next 32 bits.</summary>
    public uint Next()
    {
        if (next == Length) Twist();
        var y = state[next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (var i = 0; i < Length; i++)
        {
            var y = (state[i] & 0x80000000u) | (state[(i + 1) % Length] & 0x7fffffffu);
            state[i] = state[(i + Shift) % Length] ^ (y >> 1) ^ ((y & 1) * 0x9908b0dfu);
        }

        next = 0;
    }
}
