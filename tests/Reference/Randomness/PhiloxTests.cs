// Philox against the known-answer vectors that its authors publish (Random123, tests/kat_vectors, lines "philox4x32 10").
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Randomness;

public class PhiloxTests
{
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void A_block_equals_the_published_vector(string counter, string key, string expected)
    {
        var c = Words(counter);
        var k = Words(key);
        var block = Philox.Block(seed: k[0] | k[1] << 32, stream: c[2] | c[3] << 32, position: c[0] | c[1] << 32);
        Assert.Equal(expected, $"{(uint)block.Low:x8} {block.Low >> 32:x8} {(uint)block.High:x8} {block.High >> 32:x8}");
    }

    [Fact]
    public void One_changed_bit_of_seed_stream_or_position_changes_about_half_of_the_block()
    {
        var origin = Philox.Block(42, 7, 1000);
        var changed = 0;
        for (var bit = 0; bit < 64; bit++)
        {
            changed += Distance(origin, Philox.Block(42 ^ 1UL << bit, 7, 1000));
            changed += Distance(origin, Philox.Block(42, 7 ^ 1UL << bit, 1000));
            changed += Distance(origin, Philox.Block(42, 7, 1000 ^ 1UL << bit));
        }

        // 192 blocks of 128 fair bits: mean 12288, deviation sqrt(192 * 128) / 2 = 78; five deviations either side.
        Assert.InRange(changed, 12288 - 5 * 78, 12288 + 5 * 78);
    }

    private static int Distance(PhiloxBlock a, PhiloxBlock b) =>
        System.Numerics.BitOperations.PopCount(a.Low ^ b.Low) + System.Numerics.BitOperations.PopCount(a.High ^ b.High);

    private static ulong[] Words(string hex) => [.. hex.Split(' ').Select(word => (ulong)Convert.ToUInt32(word, 16))];
}
