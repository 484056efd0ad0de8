// The measuring decorator changes nothing and counts every call.

using Ditar.Reference.Kernels;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd;

public class TimedKernelsTests
{
    [Fact]
    public void Results_are_those_of_the_measured_set_and_calls_are_counted()
    {
        var timed = new TimedKernels(Fast);
        var x = new KernelCase(1).Values(40).Single;
        var (expected, actual) = (new float[40], new float[40]);
        for (var i = 0; i < 3; i++)
        {
            Fast.Unary(UnaryOperation.Gelu, x, expected);
            timed.Unary(UnaryOperation.Gelu, x, actual);
            Assert.Equal(expected, actual);
        }

        Fast.RmsNorm<float>(4, 10, 1e-5f, x, x, expected, new float[4]);
        timed.RmsNorm<float>(4, 10, 1e-5f, x, x, actual, new float[4]);
        Assert.Equal(expected, actual);

        var lines = timed.Report().Split('\n');
        Assert.Contains(lines, line => line.StartsWith("Gelu ", StringComparison.Ordinal) && line.Contains(" 3 ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("RmsNorm ", StringComparison.Ordinal) && line.Contains(" 1 ", StringComparison.Ordinal));
        timed.Reset();
        Assert.Single(timed.Report().TrimEnd().Split('\n'));
    }
}
