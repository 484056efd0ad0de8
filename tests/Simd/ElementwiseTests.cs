// Element-wise kernels against the definition in float64: all small lengths, then dense sweeps of the arguments, then special values.

using Ditar.Reference.Kernels;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class ElementwiseTests
{
    public static TheoryData<UnaryOperation> Operations => new(Enum.GetValues<UnaryOperation>());

    [Theory]
    [MemberData(nameof(Operations))]
    [EqualityOf(nameof(IKernels.Unary))]
    public void A_function_equals_the_definition(UnaryOperation operation)
    {
        foreach (var length in Lengths.Skip(1).Append(100_003))
        {
            var x = Arguments(operation, length);
            var actual = Result(length, y => Fast.Unary(operation, Odd(x).Span, y.Span));
            var expected = new double[length];
            Definition.Unary(operation, Wide(x), expected);
            Comparer.Equal(expected, actual, i => Tolerances.Function(operation, x[i], expected[i]), $"{operation}, length {length}");
            Assert.Equal(actual, Result(length, y => Fast.Unary<float>(operation, y.Span, y.Span), before: x));
        }

        Fast.Unary(operation, [], Span<float>.Empty);
    }

    [Theory]
    [MemberData(nameof(Operations))]
    [EqualityOf(nameof(IKernels.UnaryGradient))]
    public void A_derivative_equals_the_definition(UnaryOperation operation)
    {
        foreach (var length in Lengths.Skip(1).Append(20_011))
        {
            var x = Arguments(operation, length);
            var y = new float[length];
            Fast.Unary(operation, x, y);
            var (dy, wideDy) = new KernelCase(length).Values(length);
            var actual = Result(length, dx => Fast.UnaryGradient(operation, Odd(x).Span, Odd(y).Span, Odd(dy).Span, dx.Span));
            var expected = new double[length];
            Definition.UnaryGradient(operation, Wide(x), Wide(y), wideDy, expected);
            Comparer.Equal(expected, actual, i => Tolerances.Derivative(operation, x[i], y[i], dy[i]), $"{operation}, length {length}");
            Assert.Equal(actual, Result(length, dx => Fast.UnaryGradient<float>(operation, x, y, dx.Span, dx.Span), before: dy));
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void Special_values_are_those_of_the_definition(UnaryOperation operation)
    {
        float[] x =
        [
            0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon,
            1e-40f, 88.7f, 88.8f, -87.4f, -103f, -104f, 200f, -200f, 1e10f, -1e10f,
        ];
        var expected = new double[x.Length];
        Definition.Unary(operation, Wide(x), expected);
        var actual = new float[x.Length];
        Fast.Unary(operation, x, actual);
        for (var i = 0; i < x.Length; i++)
        {
            var at = i;
            Comparer.Equal([expected[i]], [actual[i]], _ => Tolerances.Function(operation, x[at], expected[at]), $"{operation} of {x[i]}");
        }
    }

    [Theory]
    [InlineData(BinaryOperation.Add)]
    [InlineData(BinaryOperation.Subtract)]
    [InlineData(BinaryOperation.Multiply)]
    [InlineData(BinaryOperation.Divide)]
    [EqualityOf(nameof(IKernels.Binary))]
    public void Broadcast_pairs_equal_the_definition(BinaryOperation operation)
    {
        foreach (var inner in Lengths.Skip(1))
        {
            foreach (var (outer, aOuter, aInner, bOuter, bInner) in new[]
            {
                (1, 0, 1, 0, 1), (7, inner, 1, inner, 1), (7, inner, 1, 0, 1), (7, 0, 1, inner, 1), (7, inner, 1, 1, 0), (7, 1, 0, inner, 1), (7, 0, 0, 0, 0),
                (40, inner, 1, 0, 1), (40, 0, 1, inner, 1),
            })
            {
                var shape = new BroadcastShape(outer, inner, aOuter, aInner, bOuter, bInner);
                var values = new KernelCase(inner);
                var (a, wideA) = values.Values(((outer - 1) * aOuter) + ((inner - 1) * aInner) + 1);
                var (b, wideB) = values.Values(((outer - 1) * bOuter) + ((inner - 1) * bInner) + 1, offset: 3);
                var actual = Result(outer * inner, y => Fast.Binary(operation, in shape, Odd(a).Span, Odd(b).Span, y.Span));
                var expected = new double[outer * inner];
                Definition.Binary<double>(operation, in shape, wideA, wideB, expected);
                Comparer.Equal(expected, actual, i => Tolerances.Rounding(expected[i], 1), $"{operation} {shape}");
            }
        }
    }

    [Fact]
    [EqualityOf(nameof(IKernels.AddScaled))]
    public void Adding_scaled_values_equals_the_definition()
    {
        foreach (var length in Lengths.Skip(1))
        {
            var values = new KernelCase(length);
            var (x, wideX) = values.Values(length);
            var (y, expected) = values.Values(length);
            var before = Magnitudes(expected);
            var actual = Result(length, target => Fast.AddScaled(Odd(x).Span, 0.37f, target.Span), before: y);
            Definition.AddScaled<double>(wideX, 0.37f, expected);
            Comparer.Equal(expected, actual, i => Tolerances.Sum(2, Math.Abs(x[i]) + before[i]), $"length {length}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [EqualityOf(nameof(IKernels.Sum))]
    public void Sums_equal_the_definition(int outer)
    {
        foreach (var count in Lengths.Append(3001))
        {
            foreach (var inner in new[] { 1, 2, 7, 15, 16, 17, 40, 64 })
            {
                var (x, wide) = new KernelCase(count).Values(outer * count * inner);
                var actual = Result(outer * inner, y => Fast.Sum(outer, count, inner, Odd(x).Span, y.Span));
                var expected = new double[outer * inner];
                var magnitudes = new double[outer * inner];
                Definition.Sum<double>(outer, count, inner, wide, expected);
                Definition.Sum<double>(outer, count, inner, Magnitudes(wide), magnitudes);
                Comparer.Equal(expected, actual, i => Tolerances.Sum(count, magnitudes[i]), $"[{outer}, {count}, {inner}]");
            }
        }
    }

    [Fact]
    public void Spans_that_are_too_short_are_refused()
    {
        Assert.Throws<ArgumentException>("y", () => Fast.Unary(UnaryOperation.Exp, new float[5], new float[4]));
        Assert.Throws<ArgumentException>("dy", () => Fast.UnaryGradient(UnaryOperation.Exp, new float[5], new float[5], new float[4], new float[5]));
        Assert.Throws<ArgumentException>(
            "b", () => Fast.Binary(BinaryOperation.Add, new BroadcastShape(2, 3, 3, 1, 3, 1), new float[6], new float[5], new float[6]));
        Assert.Throws<ArgumentException>("x", () => Fast.Sum(2, 3, 4, new float[23], new float[8]));
    }

    private static float[] Arguments(UnaryOperation operation, int length)
    {
        var values = new KernelCase(length);
        return operation switch
        {
            UnaryOperation.Sqrt or UnaryOperation.ReciprocalSqrt or UnaryOperation.Log => values.Values(length, 8, 8.001).Single,
            UnaryOperation.Reciprocal => values.Values(length, 2, 2.5).Single,
            UnaryOperation.Exp => values.Values(length, 90).Single,
            UnaryOperation.Sin or UnaryOperation.Cos => values.Values(length, length > 50_000 ? 11_900 : 30).Single,
            _ => values.Values(length, 12).Single,
        };
    }
}
