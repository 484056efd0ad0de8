// Each operation that is one kernel equals the few plain operations it stands for.

using Ditar.Reference;
using static Ditar.Tests.Reference.Layers.LayerData;

namespace Ditar.Tests.Reference.Layers;

public class FusedOperationTests
{
    private static readonly Tensor X = Normal(1, 2, 5, 6);
    private static readonly Tensor Gain = Normal(2, 6);
    private static readonly Tensor Bias = Normal(3, 6);

    [Fact]
    public void RmsNorm() => Equal(X * (X.Square().Mean(-1) + 1e-5).ReciprocalSqrt() * Gain, X.RmsNorm(Gain, 1e-5));

    [Fact]
    public void LayerNorm()
    {
        var centred = X - X.Mean(-1);
        Equal((centred * (centred.Square().Mean(-1) + 1e-5).ReciprocalSqrt() * Gain) + Bias, X.LayerNorm(Gain, Bias, 1e-5));
    }

    [Fact]
    public void Snake()
    {
        var alpha = Gain.Abs() + 0.1;
        Equal(X + ((alpha * X).Sin().Square() / alpha), X.Snake(alpha));
    }

    [Fact]
    public void Gelu() => Equal(0.5 * X * (1 + (((X * X * X * 0.044715) + X) * Math.Sqrt(2 / Math.PI)).Tanh()), X.Gelu());

    [Fact]
    public void Silu() => Equal(X * X.Sigmoid(), X.Silu());

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Attention(bool causal, bool masked)
    {
        const int queries = 3;
        const int keys = 5;
        var (q, k, v) = (Normal(4, 2, queries, 2, 4), Normal(5, 2, keys, 2, 4), Normal(6, 2, keys, 2, 4));
        var mask = Tensor.Zeros(ElementType.Float64, queries, keys).Copy();
        if (masked) mask.Values<double>()[7] = double.NegativeInfinity;
        var all = mask.Copy();
        for (var i = 0; causal && i < queries; i++)
            for (var j = i + keys - queries + 1; j < keys; j++) all.Values<double>()[(i * keys) + j] = double.NegativeInfinity;

        var scores = Heads(q).MatMul(Heads(k), transposeOther: true) * 0.5;                        // [batch, heads, queries, keys]
        var expected = Heads((scores + all).Softmax().MatMul(Heads(v)));                           // [batch, queries, heads, headDim]
        Equal(expected, q.Attention(k, v, 0.5, causal, masked ? mask : null));

        static Tensor Heads(Tensor x) => x.Permute(0, 2, 1, 3);
    }

    [Fact]
    public void Rotate()
    {
        var (x, angle) = (Normal(7, 1, 3, 2, 4), Normal(8, 3, 2));
        var found = x.Rotate(angle.Cos(), angle.Sin()).ToDoubles();
        for (var time = 0; time < 3; time++)
        {
            for (var head = 0; head < 2; head++)
            {
                for (var pair = 0; pair < 2; pair++)
                {
                    var at = (((time * 2) + head) * 4) + (2 * pair);
                    var turned = new System.Numerics.Complex(x.ToDoubles()[at], x.ToDoubles()[at + 1])
                        * System.Numerics.Complex.FromPolarCoordinates(1, angle.ToDoubles()[(time * 2) + pair]);
                    Assert.Equal(turned.Real, found[at], Tolerances.HandfulOfFloat64Operations);
                    Assert.Equal(turned.Imaginary, found[at + 1], Tolerances.HandfulOfFloat64Operations);
                }
            }
        }
    }
}
