// The portable logarithm, sine and cosine against the platform's, whose own error is below one ULP.
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Randomness;

public class PortableMathTests
{
    private const double Epsilon = 1.0 / (1L << 52);      // distance from 1 to the next double

    public static TheoryData<double> LogArguments() =>
        [1.0 / (1UL << 53), 3.0 / (1UL << 53), 0.5, Math.BitDecrement(0.5), 0.70710678118654746, 0.70710678118654757, 0.999, Math.BitDecrement(1.0), 1.0];

    [Theory]
    [MemberData(nameof(LogArguments))]
    public void The_logarithm_is_right_at_the_edges(double x) => Assert.InRange(LogError(x), 0, 2);

    [Fact]
    public void The_logarithm_is_within_two_ulp_everywhere_in_its_domain()
    {
        var largest = 0.0;
        foreach (var x in Uniforms(1 << 18))
            largest = Math.Max(largest, Math.Max(LogError(1 - x), LogError(Math.ScaleB(1 - x, -(int)(x * 52)))));
        Assert.InRange(largest, 0.1, 2);
    }

    [Fact]
    public void Sine_and_cosine_are_within_their_bound_over_the_whole_turn()
    {
        var largest = 0.0;
        foreach (var x in Uniforms(1 << 18))
        {
            var (sin, cos) = PortableMath.SinCosTurn(x);
            // Math.Sin(2 pi x) would add the rounding of 2 pi x; SinPi reduces exactly, like ours.
            largest = Math.Max(largest, Math.Max(Math.Abs(sin - double.SinPi(2 * x)), Math.Abs(cos - double.CosPi(2 * x))));
        }

        Assert.InRange(largest, Epsilon / 4, 3e-16);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0.25, 1, 0)]
    [InlineData(0.5, 0, -1)]
    [InlineData(0.75, -1, 0)]
    [InlineData(1, 0, 1)]
    public void Quarter_turns_are_exact(double turn, double sin, double cos) => Assert.Equal((sin, cos), PortableMath.SinCosTurn(turn));

    private static double LogError(double x)
    {
        var expected = Math.Log(x);
        var error = Math.Abs(PortableMath.Log(x) - expected);
        return error == 0 ? 0 : error / (Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected));
    }

    private static double[] Uniforms(int count)
    {
        var values = new double[count];
        UniformSource.FillUniform(77, 1, 0, values);
        return values;
    }
}
