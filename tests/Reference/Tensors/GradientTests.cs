// Every operation that has a gradient, against central differences.

using Ditar.Reference;
using static Ditar.Tests.Reference.Tensors.GradientCheck;

namespace Ditar.Tests.Reference.Tensors;

public class GradientTests
{
    public static TheoryData<string> UnaryNames =>
        ["Negate", "Abs", "Square", "Sqrt", "ReciprocalSqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tanh", "Sigmoid", "Softplus", "Silu", "Gelu", "Clamp"];

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Unary(string name)
    {
        Func<Tensor, Tensor> f = name switch
        {
            "Negate" => x => -x,
            "Abs" => x => x.Abs(),
            "Square" => x => x.Square(),
            "Sqrt" => x => x.Sqrt(),
            "ReciprocalSqrt" => x => x.ReciprocalSqrt(),
            "Reciprocal" => x => x.Reciprocal(),
            "Exp" => x => x.Exp(),
            "Log" => x => x.Log(),
            "Sin" => x => x.Sin(),
            "Cos" => x => x.Cos(),
            "Tanh" => x => x.Tanh(),
            "Sigmoid" => x => x.Sigmoid(),
            "Softplus" => x => x.Softplus(),
            "Silu" => x => x.Silu(),
            "Gelu" => x => x.Gelu(),
            "Clamp" => x => x.Clamp(-0.4, 0.5),
            _ => throw new ArgumentException(name),
        };
        var positive = name is "Sqrt" or "ReciprocalSqrt" or "Log" or "Reciprocal";
        Run(t => f(t[0]), Random(1, [3, 5], positive ? 1.5 : 0));
    }

    [Theory]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 3, 4 })]
    [InlineData(new[] { 2, 3, 4 }, new[] { 4 })]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 1, 4 })]
    [InlineData(new[] { 2, 3, 1 }, new[] { 1, 3, 4 })]
    [InlineData(new[] { 4 }, new[] { 2, 3, 1, 4 })]
    [InlineData(new int[0], new[] { 2, 3 })]
    public void BinaryBroadcasts(int[] a, int[] b)
    {
        Run(t => t[0] + t[1], Random(1, a), Random(2, b));
        Run(t => t[0] - t[1], Random(1, a), Random(2, b));
        Run(t => t[0] * t[1], Random(1, a), Random(2, b));
        Run(t => t[0] / t[1], Random(1, a), Random(2, b, 2.5));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void MatMul(bool left, bool right)
    {
        int[] A(params int[] batch) => [.. batch, left ? 4 : 3, left ? 3 : 4];
        int[] B(params int[] batch) => [.. batch, right ? 5 : 4, right ? 4 : 5];
        Run(t => t[0].MatMul(t[1], left, right), Random(1, A()), Random(2, B()));
        Run(t => t[0].MatMul(t[1], left, right), Random(1, A(2, 2)), Random(2, B(2, 2)));
        Run(t => t[0].MatMul(t[1], left, right), Random(1, A(3)), Random(2, B()));
        Run(t => t[0].MatMul(t[1], left, right), Random(1, A()), Random(2, B(3)));
    }

    [Fact]
    public void Linear() => Run(t => t[0].Linear(t[1], t[2]), Random(1, 2, 3, 4), Random(2, 5, 4), Random(3, 5));

    [Fact]
    public void Reductions()
    {
        Run(t => t[0].Sum(), Random(1, 3, 4));
        Run(t => t[0].Mean(1), Random(1, 3, 4, 2));
        Run(t => t[0].Sum(-1, keep: false), Random(1, 3, 4));
        Run(t => t[0].Square().Mean(0), Random(1, 3, 4));
    }

    [Fact]
    public void SoftmaxAndCrossEntropy()
    {
        Run(t => t[0].Softmax(), Random(1, 3, 4));
        Run(t => t[0].LogSoftmax(), Random(1, 3, 4));
        var mask = Tensor.From(new double[] { 0, double.NegativeInfinity, 0, 0 }, 4);
        Run(t => t[0].Softmax(mask), Random(1, 3, 4));
        Run(t => t[0].CrossEntropy([2, -1, 0]), Random(1, 3, 4));
    }

    [Fact]
    public void ShapeMoves()
    {
        Run(t => t[0].Reshape(6, -1).Square(), Random(1, 3, 4));
        Run(t => t[0].Slice(1, 1, 2).Square(), Random(1, 3, 4, 2));
        Run(t => t[0].Slice(0, 1, 2).Square(), Random(1, 3, 4));
        Run(t => Tensor.Concat(1, t[0], t[1], t[0]).Square(), Random(1, 2, 3, 2), Random(2, 2, 1, 2));
        Run(t => t[0].Pad(1, 2, 1).Square(), Random(1, 2, 3, 2));
        Run(t => t[0].Permute(2, 0, 1).Square(), Random(1, 2, 3, 4));
        Run(t => t[0].Gather(2, 0, 2).Square(), Random(1, 3, 4));
        Run(t => t[0].ScatterAdd([2, 0, 2], 4).Square(), Random(1, 3, 4));
    }

    [Theory]
    [InlineData(1, 1, 1, 6, 4)]
    [InlineData(3, 1, 1, 4, 5)]
    [InlineData(3, 2, 1, 4, 5)]
    [InlineData(3, 1, 2, 4, 5)]
    [InlineData(2, 3, 1, 4, 2)]
    [InlineData(3, 2, 2, 4, 6, 2)]
    [InlineData(3, 1, 1, 4, 4, 4)]
    [InlineData(3, 2, 2, 4, 4, 4)]
    public void Convolution(int kernel, int stride, int dilation, int channels, int outputs, int groups = 1) =>
        Run(
            t => t[0].Convolve(t[1], t[2], stride, dilation, groups),
            Random(1, 2, 10, channels), Random(2, outputs, kernel, channels / groups), Random(3, outputs));

    [Theory]
    [InlineData(4, 2)]
    [InlineData(3, 3)]
    [InlineData(2, 3)]
    public void TransposedConvolution(int kernel, int stride) =>
        Run(t => t[0].ConvolveTransposed(t[1], t[2], stride), Random(1, 2, 4, 3), Random(2, 3, kernel, 2), Random(3, 2));

    [Fact]
    public void Frames()
    {
        Run(t => t[0].Frame(4, 3).Square(), Random(1, 2, 12, 2));
        Run(t => t[0].OverlapAdd(3, 2).Square(), Random(1, 2, 3, 8));
    }

    [Fact]
    public void Norms()
    {
        Run(t => t[0].RmsNorm(t[1], 1e-5), Random(1, 2, 3, 6), Random(2, 6));
        Run(t => t[0].LayerNorm(t[1], t[2], 1e-5), Random(1, 2, 3, 6), Random(2, 6), Random(3, 6));
        Run(t => t[0].Snake(t[1]), Random(1, 2, 3, 4), Random(2, [4], 2));
    }

    [Theory]
    [InlineData(4, 4, 2, 2, false)]
    [InlineData(3, 5, 4, 2, true)]
    [InlineData(4, 4, 3, 1, true)]
    public void Attention(int queries, int keys, int heads, int keyHeads, bool causal)
    {
        Run(
            t => t[0].Attention(t[1], t[2], 0.5, causal),
            Random(1, 2, queries, heads, 4), Random(2, 2, keys, keyHeads, 4), Random(3, 2, keys, keyHeads, 4));
        var mask = Tensor.Zeros(ElementType.Float64, queries, keys);
        mask.Values<double>()[1] = double.NegativeInfinity;
        Run(
            t => t[0].Attention(t[1], t[2], 0.5, causal, mask),
            Random(1, 2, queries, heads, 4), Random(2, 2, keys, keyHeads, 4), Random(3, 2, keys, keyHeads, 4));
    }

    [Fact]
    public void RotaryAndDropout()
    {
        Run(t => t[0].Rotate(Random(5, 3, 2), Random(6, 3, 2)), Random(1, 2, 3, 2, 4));
        var draws = Enumerable.Range(0, 12).Select(i => i / 12f).ToArray();
        Run(t => t[0].Dropout(0.4, draws), Random(1, 3, 4));
    }

    [Fact]
    public void GradientsAddUpOverReuseAndStopWhereAsked()
    {
        Run(t => (t[0] * t[0]) + t[0] + (t[0] + t[0]).Reshape(12).Reshape(3, 4), Random(1, 3, 4));
        using var tape = new Tape();
        var x = Random(1, 3, 4);
        tape.Watch(x);
        var loss = (x * x.StopGradient()).Sum();
        Assert.Equal(x.ToDoubles(), tape.Gradients(loss, [x])[0].ToDoubles());
    }

    [Fact]
    public void AnArenaTensorCannotBeReadAfterItsTape()
    {
        Tensor y;
        using (var tape = new Tape())
        {
            var x = Random(1, 3);
            tape.Watch(x);
            y = x.Exp();
        }

        Assert.Throws<ObjectDisposedException>(() => y.ToDoubles());
    }

    [Fact]
    public void MessagesNameBothShapes()
    {
        var error = Assert.Throws<ArgumentException>(() => Random(1, 2, 3) + Random(2, 4, 5));
        Assert.Contains("[2, 3]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[4, 5]", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => Random(1, 2, 3).MatMul(Random(2, 4, 5)));
        Assert.Contains("[2, 3]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[4, 5]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoundingIsHalfToEvenAndLetsGradientsThrough()
    {
        var x = Tensor.From([0.5, 1.5, 2.5, -0.5, -1.5, 1.2, -7.6], 7);
        Assert.Equal([0.0, 2, 2, 0, -2, 1, -8], x.Round().ToDoubles().Select(value => value + 0));
        using var tape = new Tape();
        tape.Watch(x);
        var loss = (x.Round() * 3).Sum();
        Assert.All(tape.Gradients(loss, [x])[0].ToDoubles(), slope => Assert.Equal(3, slope));
    }
}
