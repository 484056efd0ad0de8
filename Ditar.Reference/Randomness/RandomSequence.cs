// The sequential view of the addressed draws, for shuffles, crops and masks: every draw takes the next index of one stream.
// Its whole state is three integers, so an exact resume stores Position and nothing else.
namespace Ditar.Reference.Randomness;

/// <summary>Draws one after the other from (seed, stream). Not for use from several threads; give each its own stream instead.</summary>
public sealed class RandomSequence(ulong seed, ulong stream, ulong position = 0)
{
    public ulong Seed { get; } = seed;

    public ulong Stream { get; } = stream;

    /// <summary>Index of the next draw; a stream made with the same three numbers continues in the same way.</summary>
    public ulong Position { get; private set; } = position;

    /// <summary>A uniform in [0, 1), a multiple of 2^-53.</summary>
    public double NextUniform()
    {
        Span<double> value = stackalloc double[1];
        UniformSource.FillUniform(Seed, Stream, Position, value);
        Position++;
        return value[0];
    }

    /// <summary>A standard normal.</summary>
    public double NextNormal()
    {
        Span<double> value = stackalloc double[1];
        NormalSource.FillNormal(Seed, Stream, Position, value);
        Position++;
        return value[0];
    }

    /// <summary>An unbiased integer in [0, <paramref name="bound"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextBelow(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)UniformSource.Below(Seed, Stream, Position++, (ulong)bound);
    }

    /// <summary>Puts the items in a random order, every permutation equally likely (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = NextBelow(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    /// <summary>Standard normals, one index each.</summary>
    public void FillNormal(Span<float> destination)
    {
        NormalSource.FillNormal(Seed, Stream, Position, destination);
        Position += (ulong)destination.Length;
    }
}
