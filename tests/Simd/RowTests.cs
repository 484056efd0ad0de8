// Row kernels against the definition in float64, for every small width (tails) and the models' widths.

using Ditar.Reference.Kernels;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class RowTests
{
    private const int Rows = 5;
    private const double Epsilon = 1e-5;

    public static TheoryData<int> Widths => new(Lengths.Skip(1).Concat([128, 192, 200, 777]));

    [Theory]
    [MemberData(nameof(Widths))]
    [EqualityOf(nameof(IKernels.Softmax))]
    [EqualityOf(nameof(IKernels.SoftmaxGradient))]
    public void Softmax_equals_the_definition(int width)
    {
        var values = new KernelCase(width);
        var (x, wide) = values.Values(Rows * width, 20);
        x.AsSpan(width, (width + 1) / 2).Fill(float.NegativeInfinity);
        x.AsSpan(2 * width, width).Fill(float.NegativeInfinity);
        x.AsSpan(3 * width, width).Fill(120f); // exp(120) is beyond float32
        wide = Wide(x);
        var expected = new double[Rows * width];
        Definition.Softmax<double>(Rows, width, wide, expected);
        var actual = Result(x.Length, y => Fast.Softmax(Rows, width, Odd(x).Span, y.Span));
        Comparer.Equal(expected, actual, i => Tolerances.Softmax(width, expected[i], Distance(wide, i, width)), $"width {width}");
        Assert.Equal(actual, Result(x.Length, y => Fast.Softmax<float>(Rows, width, y.Span, y.Span), before: x));

        var (dy, wideDy) = values.Values(Rows * width);
        Definition.SoftmaxGradient<double>(Rows, width, Wide(actual), wideDy, expected);
        var gradient = Result(x.Length, dx => Fast.SoftmaxGradient(Rows, width, Odd(actual).Span, Odd(dy).Span, dx.Span));
        Comparer.Equal(
            expected, gradient,
            i => Tolerances.Sum(width + 2, actual[i] * (Math.Abs(dy[i]) + RowSum(i, width, j => Math.Abs(actual[j] * dy[j])))), $"gradient, width {width}");
    }

    [Fact]
    public void Softmax_passes_NaN_on()
    {
        foreach (var x in new float[][] { [1, float.NaN, 2], [float.NaN, float.NegativeInfinity], [float.NegativeInfinity, float.NaN] })
        {
            var y = new float[x.Length];
            Fast.Softmax(1, x.Length, x, y);
            Assert.All(y, value => Assert.True(float.IsNaN(value)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    [EqualityOf(nameof(IKernels.LogSoftmax))]
    [EqualityOf(nameof(IKernels.LogSoftmaxGradient))]
    public void Log_softmax_equals_the_definition(int width)
    {
        var values = new KernelCase(width);
        var (x, wide) = values.Values(Rows * width, 20);
        var expected = new double[Rows * width];
        Definition.LogSoftmax<double>(Rows, width, wide, expected);
        var actual = Result(x.Length, y => Fast.LogSoftmax(Rows, width, Odd(x).Span, y.Span));
        Comparer.Equal(expected, actual, i => Tolerances.Sum(width, Math.Abs(expected[i]) + 1 + Math.Log(width)), $"width {width}");

        var (dy, wideDy) = values.Values(Rows * width);
        Definition.LogSoftmaxGradient<double>(Rows, width, Wide(actual), wideDy, expected);
        var gradient = Result(x.Length, dx => Fast.LogSoftmaxGradient(Rows, width, Odd(actual).Span, Odd(dy).Span, dx.Span));
        Comparer.Equal(
            expected, gradient, i => Tolerances.Sum(width + 2, Math.Abs(dy[i]) + (Math.Exp(actual[i]) * RowSum(i, width, j => Math.Abs(dy[j])))),
            $"gradient, width {width}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    [EqualityOf(nameof(IKernels.RmsNorm))]
    [EqualityOf(nameof(IKernels.RmsNormGradient))]
    public void Rms_norm_equals_the_definition(int width)
    {
        var values = new KernelCase(width);
        var (x, wide) = values.Values(Rows * width, 3);
        var (gain, wideGain) = values.Values(width, 0.5, 1);
        var expected = new double[Rows * width];
        var scales = new double[Rows];
        Definition.RmsNorm<double>(Rows, width, Epsilon, wide, wideGain, expected, scales);
        var inverse = new float[Rows];
        var actual = Result(x.Length, y => Fast.RmsNorm(Rows, width, (float)Epsilon, Odd(x).Span, Odd(gain).Span, y.Span, inverse));
        Comparer.Equal(expected, actual, i => Tolerances.Sum(width, Math.Abs(expected[i])), $"width {width}");
        Comparer.Equal(scales, inverse, i => Tolerances.Sum(width, scales[i]), $"inverse, width {width}");

        var (dy, wideDy) = values.Values(Rows * width);
        var (dgain, wideDgain) = values.Values(width);
        var gainMagnitudes = Magnitudes(wideDgain);
        Definition.RmsNormGradient<double>(Rows, width, wide, wideGain, Wide(inverse), wideDy, expected, wideDgain);
        var gains = (float[])dgain.Clone();
        var gradient = Result(
            x.Length, dx => Fast.RmsNormGradient(Rows, width, Odd(x).Span, Odd(gain).Span, Odd(inverse).Span, Odd(dy).Span, dx.Span, gains));
        double Normal(int i) => Math.Abs(wide[i] * inverse[i / width]);
        double Upstream(int i) => Math.Abs(wideDy[i] * wideGain[i % width]);
        Comparer.Equal(
            expected, gradient,
            i => Tolerances.Sum(width, inverse[i / width] * (Upstream(i) + (Normal(i) * RowSum(i, width, j => Upstream(j) * Normal(j)) / width))),
            $"dx, width {width}");
        Comparer.Equal(
            wideDgain, gains, c => Tolerances.Sum(Rows, gainMagnitudes[c] + ColumnSum(c, width, i => Math.Abs(wideDy[i]) * Normal(i))), $"dgain, width {width}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    [EqualityOf(nameof(IKernels.LayerNorm))]
    [EqualityOf(nameof(IKernels.LayerNormGradient))]
    public void Layer_norm_equals_the_definition(int width)
    {
        var values = new KernelCase(width);
        var (x, wide) = values.Values(Rows * width, 3, offset: 1);
        var (gain, wideGain) = values.Values(width, 0.5, 1);
        var (bias, wideBias) = values.Values(width);
        var expected = new double[Rows * width];
        var (centres, scales) = (new double[Rows], new double[Rows]);
        Definition.LayerNorm<double>(Rows, width, Epsilon, wide, wideGain, wideBias, expected, centres, scales);
        var (mean, inverse) = (new float[Rows], new float[Rows]);
        var actual = Result(
            x.Length, y => Fast.LayerNorm(Rows, width, (float)Epsilon, Odd(x).Span, Odd(gain).Span, Odd(bias).Span, y.Span, mean, inverse));

        // The mean is off by Sum(width, mean|x|), which every value of the row inherits; the rest is relative.
        double Size(int i) => Math.Abs(wide[i]) + (RowSum(i, width, j => Math.Abs(wide[j])) / width);
        Comparer.Equal(
            expected, actual, i => Tolerances.Sum(width, (Math.Abs(wideGain[i % width]) * scales[i / width] * Size(i)) + Math.Abs(wideBias[i % width])),
            $"width {width}");
        Comparer.Equal(centres, mean, r => Tolerances.Sum(width, RowSum(r * width, width, j => Math.Abs(wide[j])) / width), $"mean, width {width}");

        var (dy, wideDy) = values.Values(Rows * width);
        var (dgain, wideDgain) = values.Values(width);
        var (dbias, wideDbias) = values.Values(width);
        var (gainMagnitudes, biasMagnitudes) = (Magnitudes(wideDgain), Magnitudes(wideDbias));
        Definition.LayerNormGradient<double>(Rows, width, wide, wideGain, Wide(mean), Wide(inverse), wideDy, expected, wideDgain, wideDbias);
        var (gains, biases) = ((float[])dgain.Clone(), (float[])dbias.Clone());
        var gradient = Result(
            x.Length, dx => Fast.LayerNormGradient(
                Rows, width, Odd(x).Span, Odd(gain).Span, Odd(mean).Span, Odd(inverse).Span, Odd(dy).Span, dx.Span, gains, biases));
        double Normal(int i) => (Math.Abs(wide[i]) + Math.Abs(mean[i / width])) * inverse[i / width];
        double Upstream(int i) => Math.Abs(wideDy[i] * wideGain[i % width]);
        Comparer.Equal(
            expected, gradient,
            i => Tolerances.Sum(
                width,
                inverse[i / width] * (Upstream(i) + (RowSum(i, width, Upstream) / width) + (Normal(i) * RowSum(i, width, j => Upstream(j) * Normal(j)) / width))),
            $"dx, width {width}");
        Comparer.Equal(
            wideDgain, gains, c => Tolerances.Sum(Rows, gainMagnitudes[c] + ColumnSum(c, width, i => Math.Abs(wideDy[i]) * Normal(i))), $"dgain, width {width}");
        Comparer.Equal(wideDbias, biases, c => Tolerances.Sum(Rows, biasMagnitudes[c] + ColumnSum(c, width, i => Math.Abs(wideDy[i]))), $"dbias, width {width}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    [EqualityOf(nameof(IKernels.Snake))]
    [EqualityOf(nameof(IKernels.SnakeGradient))]
    public void Snake_equals_the_definition(int channels)
    {
        const int Many = 37;
        var values = new KernelCase(channels);
        var (x, wide) = values.Values(Many * channels, 4);
        var (alpha, wideAlpha) = values.Values(channels, 1.5, 2);
        var expected = new double[x.Length];
        Definition.Snake<double>(Many, channels, wide, wideAlpha, expected);
        var actual = Result(x.Length, y => Fast.Snake(Many, channels, Odd(x).Span, Odd(alpha).Span, y.Span));
        Comparer.Equal(expected, actual, i => Tolerances.Snake(wide[i], wideAlpha[i % channels]), $"{channels} channels");

        var (dy, wideDy) = values.Values(x.Length);
        var (dalpha, wideDalpha) = values.Values(channels);
        var slopeMagnitudes = Magnitudes(wideDalpha);
        Definition.SnakeGradient<double>(Many, channels, wide, wideAlpha, wideDy, expected, wideDalpha);
        var slopes = (float[])dalpha.Clone();
        var gradient = Result(x.Length, dx => Fast.SnakeGradient(Many, channels, Odd(x).Span, Odd(alpha).Span, Odd(dy).Span, dx.Span, slopes));
        Comparer.Equal(expected, gradient, i => Math.Abs(wideDy[i]) * Tolerances.SineOfDouble(wide[i] * wideAlpha[i % channels]), $"dx, {channels} channels");
        Comparer.Equal(
            wideDalpha, slopes,
            c => Tolerances.Sum(Many, slopeMagnitudes[c]) + ColumnSum(
                c, channels, i => Math.Abs(wideDy[i]) * Tolerances.SnakeSlope(wide[i], wideAlpha[c], Many), Many),
            $"dalpha, {channels} channels");
    }

    // How far the value at i is below its row's largest; 0 for rows of -infinity.
    private static double Distance(double[] x, int i, int width)
    {
        var largest = x.AsSpan(i / width * width, width).ToArray().Max();
        return double.IsNegativeInfinity(x[i]) ? 0 : largest - x[i];
    }

    private static double RowSum(int i, int width, Func<int, double> term) => Enumerable.Range(i / width * width, width).Sum(term);

    private static double ColumnSum(int column, int width, Func<int, double> term, int rows = Rows) =>
        Enumerable.Range(0, rows).Sum(row => term((row * width) + column));
}
