// Shapes in messages: [2, 3, 64]; counting with overflow checks; broadcasting rules.

namespace Ditar.Reference;

internal static class ShapeText
{
    public static string Of(ReadOnlySpan<int> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    /// <summary>The number of elements.</summary>
    /// <exception cref="ArgumentException">A negative extent, or more than 2^31 - 1 elements.</exception>
    public static int Count(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (var extent in shape)
        {
            if (extent < 0) throw new ArgumentException($"Negative extent in shape {Of(shape)}.");
            count *= extent;
            if (count > int.MaxValue) throw new ArgumentException($"Shape {Of(shape)} has more than 2^31 - 1 elements.");
        }

        return (int)count;
    }

    /// <summary>Aligns two shapes at their last axes; an extent of 1 stretches.</summary>
    /// <exception cref="ArgumentException">They do not fit; the message names both.</exception>
    public static int[] Broadcast(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        var shape = new int[Math.Max(a.Length, b.Length)];
        Broadcast(a, b, shape);
        return shape;
    }

    /// <inheritdoc cref="Broadcast(ReadOnlySpan{int}, ReadOnlySpan{int})"/>
    /// <param name="shape">As long as the longer of the two.</param>
    public static void Broadcast(ReadOnlySpan<int> a, ReadOnlySpan<int> b, Span<int> shape)
    {
        for (var i = 1; i <= shape.Length; i++)
        {
            var x = i <= a.Length ? a[^i] : 1;
            var y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1) throw new ArgumentException($"Shapes {Of(a)} and {Of(b)} do not broadcast: {x} against {y}.");
            shape[^i] = x == 1 ? y : x;
        }
    }

    /// <summary>Axis counted from the end when negative.</summary>
    public static int Axis(int axis, int rank)
    {
        var index = axis < 0 ? axis + rank : axis;
        if (index < 0 || index >= rank) throw new ArgumentOutOfRangeException(nameof(axis), axis, $"A tensor of {rank} axes has no axis {axis}.");
        return index;
    }
}
