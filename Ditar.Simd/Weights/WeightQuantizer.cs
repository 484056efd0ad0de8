// Rounds weights to 8 or 4 bits, symmetrically around zero. One place for weights that are quantised at load and for those that are quantised ahead, so
// that both give the same bits.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>Rounding of weight rows to integers with scales: weight is about integer * scale.</summary>
public static class WeightQuantizer
{
    private const int MostInt8 = 127, LeastInt4 = -8, MostInt4 = 7;

    /// <summary>Rounds a row to -127..127 with one scale, its largest magnitude / 127.</summary>
    /// <param name="row">[inputs].</param>
    /// <param name="integers">[inputs], overwritten.</param>
    /// <returns>The scale; 0 for a row of zeros, NaN for one with NaN or an infinity.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float ToInt8(ReadOnlySpan<float> row, Span<sbyte> integers)
    {
        CheckLength(row.Length, integers.Length, nameof(integers));
        var scale = Most(row) / MostInt8;
        Round(row, scale, -MostInt8, MostInt8, integers);
        return scale;
    }

    /// <summary>Rounds a row to -8..7, with one scale for each group of inputs: the one of two with the smaller sum of squared errors. One maps the value of
    /// the largest magnitude to -8 (and is negative where that value is positive), the other maps it to 7 or -7.</summary>
    /// <param name="row">[inputs].</param>
    /// <param name="group">Inputs per scale; the last group may have fewer.</param>
    /// <param name="integers">[inputs], overwritten.</param>
    /// <param name="scales">[ceil(inputs / group)], overwritten; 0 and NaN as for <see cref="ToInt8"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void ToInt4(ReadOnlySpan<float> row, int group, Span<sbyte> integers, Span<float> scales)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 1);
        CheckLength(row.Length, integers.Length, nameof(integers));
        CheckLength((row.Length + group - 1) / group, scales.Length, nameof(scales));
        for (var i = 0; i < row.Length; i += group)
        {
            var count = Math.Min(group, row.Length - i);
            scales[i / group] = GroupToInt4(row.Slice(i, count), integers.Slice(i, count));
        }
    }

    [MethodImpl(Jit.Hot)]
    private static float GroupToInt4(ReadOnlySpan<float> values, Span<sbyte> integers)
    {
        var most = Most(values);
        var extreme = most;
        foreach (var value in values)
            extreme = Math.Abs(value) == most ? value : extreme;
        var (wide, even) = (extreme / LeastInt4, most / MostInt4);
        var chosen = SquaredError(values, wide) < SquaredError(values, even) ? wide : even;
        Round(values, chosen, LeastInt4, MostInt4, integers);
        return chosen;
    }

    [MethodImpl(Jit.Hot)]
    private static double SquaredError(ReadOnlySpan<float> values, float scale)
    {
        var (inverse, error) = (Inverse(scale), 0f);
        foreach (var value in values)
        {
            var rounded = Math.Clamp(MathF.Round(value * inverse), LeastInt4, MostInt4) * scale;
            error += (value - rounded) * (value - rounded);
        }

        return error;
    }

    [MethodImpl(Jit.Hot)]
    private static void Round(ReadOnlySpan<float> values, float scale, int least, int most, Span<sbyte> integers)
    {
        var inverse = Inverse(scale);
        for (var i = 0; i < values.Length; i++)
            integers[i] = float.IsNaN(scale) ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(values[i] * inverse), least, most);
    }

    private static float Inverse(float scale) => scale == 0 || float.IsInfinity(1 / scale) ? 0 : 1 / scale;

    [MethodImpl(Jit.Hot)]
    private static float Most(ReadOnlySpan<float> values)
    {
        var most = 0f;
        foreach (var value in values)
            most = float.IsFinite(value) ? Math.Max(most, Math.Abs(value)) : float.NaN;
        return most;
    }

    private static void CheckLength(int expected, int actual, string name)
    {
        if (expected != actual)
            throw new ArgumentException($"{name} has {actual} elements where {expected} are expected.", name);
    }
}
