// Values of a tensor that still lie where they are stored. The tensor reads them when they are first asked for and keeps them; whoever needs them once, such
// as an engine that packs weights in an order of its own, reads them from here and leaves the tensor empty.

namespace Ditar.Reference;

/// <summary>A source of values; reading it any number of times, from any thread, gives the same.</summary>
public abstract class StoredValues
{
    /// <summary>Whether they are bfloat16 in storage, so that <see cref="ReadBFloat16"/> gives them exactly.</summary>
    public virtual bool IsBFloat16 => false;

    /// <param name="values">As many as the tensor has, row-major.</param>
    public abstract void Read(Span<float> values);

    /// <inheritdoc cref="Read(Span{float})"/>
    public abstract void Read(Span<double> values);

    /// <summary>The upper halves of the float32 values.</summary>
    /// <exception cref="InvalidOperationException">They are not stored so.</exception>
    /// <inheritdoc cref="Read(Span{float})"/>
    public virtual void ReadBFloat16(Span<ushort> values) => throw new InvalidOperationException("The values are not stored as bfloat16.");
}
