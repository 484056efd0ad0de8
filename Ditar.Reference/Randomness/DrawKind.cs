// Which distribution a block of random bits serves. The kind is part of the counter, so that a uniform, a normal and an integer drawn at the
// same (seed, stream, index) come from different blocks and are independent.
namespace Ditar.Reference.Randomness;

internal enum DrawKind : ulong
{
    Normal = 0,
    Uniform = 1,
    Integer = 2,
}

internal static class DrawAddress
{
    /// <summary>Indices below this bound leave the two top bits of the position to the kind.</summary>
    public const ulong IndexLimit = 1UL << 62;

    public static ulong Position(DrawKind kind, ulong block) => (ulong)kind << 62 | block;

    /// <exception cref="ArgumentOutOfRangeException">The range [start, start + count) leaves [0, 2^62).</exception>
    public static void CheckRange(ulong start, int count)
    {
        if (start >= IndexLimit || IndexLimit - start < (ulong)count)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"Indices {start} .. {start} + {count} must stay below 2^62.");
    }
}
