// The comparer must be able to fail: each fault that kernels are prone to is planted once.

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class ComparerTests
{
    private static readonly double[] Right = [.. Enumerable.Range(0, 37).Select(i => Math.Sin(i + 1.0))];

    [Fact]
    public void A_right_result_passes() => Assert.Null(Compare(_ => { }));

    [Fact]
    public void A_swapped_sign_fails() => Assert.NotNull(Compare(y => y[20] = -y[20]));

    [Fact]
    public void A_lost_tail_fails() => Assert.NotNull(Compare(y => y.AsSpan(32).Clear()));

    [Fact]
    public void A_wrong_scale_fails() => Assert.NotNull(Compare(y => Array.ForEach([.. Enumerable.Range(0, y.Length)], i => y[i] *= 1.0001f)));

    [Fact]
    public void A_NaN_fails() => Assert.NotNull(Compare(y => y[3] = float.NaN));

    [Fact]
    public void An_infinity_fails() => Assert.NotNull(Compare(y => y[3] = float.PositiveInfinity));

    [Fact]
    public void An_expected_NaN_is_only_met_by_NaN()
    {
        Assert.Null(Comparer.Difference([double.NaN], [float.NaN], _ => 1));
        Assert.NotNull(Comparer.Difference([double.NaN], [0f], _ => 1));
        Assert.NotNull(Comparer.Difference([double.PositiveInfinity], [float.MaxValue], _ => double.MaxValue));
    }

    [Fact]
    public void A_wrong_length_fails() => Assert.NotNull(Comparer.Difference(Right, new float[Right.Length - 1], _ => 1));

    [Fact]
    public void Comparing_nothing_fails() => Assert.NotNull(Comparer.Difference([], [], _ => 1));

    private static string? Compare(Action<float[]> fault)
    {
        var actual = Array.ConvertAll(Right, v => (float)v);
        fault(actual);
        return Comparer.Difference(Right, actual, i => Tolerances.Sum(1, Math.Abs(Right[i])));
    }
}
