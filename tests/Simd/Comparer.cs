// Compares a float32 result with its float64 definition. NaN meets only NaN, infinities are exact, and a comparison of nothing fails.

namespace Ditar.Tests.Simd;

internal static class Comparer
{
    /// <summary>What is wrong with the result, or null.</summary>
    /// <param name="expected">The definition, in float64.</param>
    /// <param name="actual">The kernel's result, the same length.</param>
    /// <param name="tolerance">The largest absolute difference at each index.</param>
    public static string? Difference(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, Func<int, double> tolerance)
    {
        if (expected.Length != actual.Length)
            return $"{actual.Length} values where {expected.Length} were expected";
        if (expected.Length == 0)
            return "nothing was compared";
        for (var i = 0; i < expected.Length; i++)
        {
            var (want, got) = (expected[i], (double)actual[i]);
            var same = double.IsNaN(want) ? double.IsNaN(got)
                : !double.IsFinite((float)want) ? (float)want == actual[i]
                : Math.Abs(got - want) <= tolerance(i);
            if (!same)
                return $"[{i}] is {got:g9}, expected {want:g17}, off by {Math.Abs(got - want):g3} where {tolerance(i):g3} is allowed";
        }

        return null;
    }

    public static void Equal(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, Func<int, double> tolerance, string what)
    {
        if (Difference(expected, actual, tolerance) is { } difference)
            Assert.Fail($"{what}: {difference}");
    }
}
