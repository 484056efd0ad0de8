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

    [Fact]
    public void Every_kernel_is_passed_on_and_has_a_line_of_its_own()
    {
        var timed = new TimedKernels(Fast);
        Assert.Equal(CallEachOnce(Fast), CallEachOnce(timed));

        var lines = timed.Report().TrimEnd().Split('\n').Skip(1).ToArray();
        var kernels = typeof(IKernels).GetMethods().Where(method => !method.IsSpecialName).Select(method => method.Name).ToArray();
        Assert.Equal(kernels.Length, lines.Length);
        foreach (var name in kernels.Except(["Unary", "UnaryGradient", "Binary"]).Concat(["Exp ", "Exp gradient", "Divide"]))
            Assert.Single(lines, line => line.StartsWith(name.PadRight(20), StringComparison.Ordinal));
    }

    // All results, one after the other: a call that is swapped, dropped or given other arguments shows.
    private static float[] CallEachOnce(IKernels kernels)
    {
        var source = new KernelCase(2);
        var (a, b, c) = (source.Values(12, offset: 2).Single, source.Values(12, offset: 3).Single, source.Values(12, offset: 4).Single);
        var results = new List<float[]>();
        float[] New(int length = 12)
        {
            results.Add(new float[length]);
            return results[^1];
        }

        var attention = new AttentionShape(1, 3, 3, 2, 2, 2, true, 0.7);
        var depthwise = new DepthwiseShape(1, 6, 2, 3, 1, 1);
        kernels.MatMul<float>(new MatMulShape(1, 3, 3, 4, 0, 4, 1, 0, 3, 1, 0, 3, false), a, b, New(9));
        kernels.Unary<float>(UnaryOperation.Exp, a, New());
        kernels.UnaryGradient<float>(UnaryOperation.Exp, a, b, c, New());
        kernels.Binary<float>(BinaryOperation.Divide, new BroadcastShape(3, 4, 4, 1, 4, 1), a, b, New());
        kernels.AddScaled<float>(a, 0.3f, New());
        kernels.Sum<float>(3, 2, 2, a, New(6));
        kernels.Softmax<float>(3, 4, a, New());
        kernels.SoftmaxGradient<float>(3, 4, a, b, New());
        kernels.LogSoftmax<float>(3, 4, a, New());
        kernels.LogSoftmaxGradient<float>(3, 4, a, b, New());
        kernels.RmsNorm<float>(3, 4, 0.1f, a, b, New(), New(3));
        kernels.RmsNormGradient<float>(3, 4, a, b, c, c, New(), New(4));
        kernels.LayerNorm<float>(3, 4, 0.1f, a, b, c, New(), New(3), New(3));
        kernels.LayerNormGradient<float>(3, 4, a, b, c, b, c, New(), New(4), New(4));
        kernels.Rotate<float>(1, 3, 2, 2, true, a, b, c, New());
        kernels.Attention<float>(in attention, a, b, c, [], New(), New(18));
        kernels.AttentionGradient<float>(in attention, a, b, c, [.. a, .. b], c, New(), New(), New());
        kernels.Depthwise<float>(in depthwise, a, b, New(8));
        kernels.DepthwiseGradient<float>(in depthwise, a, b, c, New(), New(6));
        kernels.Snake<float>(3, 4, a, b, New());
        kernels.SnakeGradient<float>(3, 4, a, b, c, New(), New(4));
        return [.. results.SelectMany(result => result)];
    }
}
