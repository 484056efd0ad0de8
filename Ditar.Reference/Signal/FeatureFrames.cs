// A sequence of feature vectors of one signal, as the evaluation passes them around.

namespace Ditar.Reference.Signal;

/// <summary>Feature vectors over time.</summary>
public sealed class FeatureFrames
{
    /// <summary>Wraps values.</summary>
    /// <param name="dim">Numbers in a frame.</param>
    /// <param name="values">[frames, dim], frame by frame; not copied.</param>
    /// <exception cref="ArgumentException">The values are no whole number of frames.</exception>
    public FeatureFrames(int dim, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dim);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length % dim != 0) throw new ArgumentException($"expected a multiple of {dim} values, found {values.Length}", nameof(values));
        Dim = dim;
        Values = values;
    }

    /// <summary>Numbers in a frame.</summary>
    public int Dim { get; }

    /// <summary>[frames, dim].</summary>
    public float[] Values { get; }

    /// <summary>Number of frames.</summary>
    public int Frames => Values.Length / Dim;

    /// <summary>One frame, [dim].</summary>
    public ReadOnlySpan<float> this[int frame] => Values.AsSpan(frame * Dim, Dim);
}
