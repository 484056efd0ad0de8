// Values of a tensor that still lie where they are stored. The tensor reads them when they are first asked for and keeps them; whoever needs them once, such
// as an engine that packs weights in an order of its own, reads them from here and leaves the tensor empty.

namespace Ditar.Reference;

/// <summary>Whether weights are stored as integers with scales, and of how many bits.</summary>
public enum StoredIntegers
{
    None,
    EightBits,
    FourBits,
}

/// <summary>A source of values; reading it any number of times, from any thread, gives the same.</summary>
public abstract class StoredValues
{
    /// <summary>Whether they are bfloat16 in storage, so that <see cref="ReadBFloat16"/> gives them exactly.</summary>
    public virtual bool IsBFloat16 => false;

    /// <summary>How the values are stored that <see cref="ReadIntegers"/> gives exactly.</summary>
    public virtual StoredIntegers Integers => StoredIntegers.None;

    /// <param name="values">As many as the tensor has, row-major.</param>
    public abstract void Read(Span<float> values);

    /// <inheritdoc cref="Read(Span{float})"/>
    public abstract void Read(Span<double> values);

    /// <summary>The upper halves of the float32 values.</summary>
    /// <exception cref="InvalidOperationException">They are not stored so.</exception>
    /// <inheritdoc cref="Read(Span{float})"/>
    public virtual void ReadBFloat16(Span<ushort> values) => throw new InvalidOperationException("The values are not stored as bfloat16.");

    /// <summary>The integers of a quantised matrix as QuantisedMatrix lays them out.</summary>
    /// <param name="integers">[outputs, inputs] of 8 bits, or [outputs, ceil(inputs / 2)] pairs of 4.</param>
    /// <param name="scales">[outputs], or [outputs, ceil(inputs / 32)].</param>
    /// <exception cref="InvalidOperationException">They are not stored so.</exception>
    public virtual void ReadIntegers(Span<byte> integers, Span<float> scales) => throw new InvalidOperationException("The values are not stored as integers.");
}
