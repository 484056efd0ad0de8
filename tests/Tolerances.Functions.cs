// Tolerances of the float32 element-wise functions: the errors that the comments in Ditar.Simd/Functions claim, carried through each formula.

using Ditar.Reference.Kernels;

namespace Ditar.Tests;

internal static partial class Tolerances
{
    // Two steps of the subnormal range, for results below it; and where exp of the opposite sign overflows the quotient is 0 instead of subnormal.
    private const double Subnormal = 2 * float.Epsilon, LeastNormal = 1.17549435e-38;

    /// <summary>A result of <paramref name="count"/> roundings, relative: each is at most u; subnormal results round to the grid.</summary>
    public static double Rounding(double value, double count) => (count * U * Math.Abs(value)) + Subnormal;

    /// <summary>Unary functions; one ULP is at most 2 u.</summary>
    public static double Function(UnaryOperation operation, double x, double value) => operation switch
    {
        UnaryOperation.Negate or UnaryOperation.Abs => 0,
        UnaryOperation.Square or UnaryOperation.Sqrt or UnaryOperation.Reciprocal => Rounding(value, 1),
        UnaryOperation.ReciprocalSqrt => Rounding(value, 2),
        UnaryOperation.Exp => Rounding(value, 4),                                        // 2 ULP
        UnaryOperation.Log => Rounding(value, 4),
        UnaryOperation.Tanh => Rounding(value, 6),
        UnaryOperation.Softplus => Rounding(value, 8) + (U * U),                         // the definition takes log(1 + e^x), which loses e^x below 2^-53
        UnaryOperation.Sin or UnaryOperation.Cos => Rounding(value, 4) + (1e-14 * Math.Abs(x)), // and the reduction's remainder
        UnaryOperation.Sigmoid => Rounding(value, 6) + LeastNormal,
        UnaryOperation.Silu => Rounding(value, 8) + (LeastNormal * Math.Abs(x)),
        // The argument u of the sigmoid has 3 roundings; where exp(-u) dominates they are multiplied by |u|.
        UnaryOperation.Gelu => Rounding(value, 8 + (3 * Math.Min(Math.Abs(GeluArgument(x)), 100))) + (LeastNormal * Math.Abs(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    /// <summary>Gradients: roundings of each term's magnitude, terms that cancel counted with their sizes.</summary>
    public static double Derivative(UnaryOperation operation, double x, double y, double dy)
    {
        var s = 1 / (1 + Math.Exp(-x));
        var u = GeluArgument(x);
        var gate = 1 / (1 + Math.Exp(-u));
        var magnitude = operation switch
        {
            UnaryOperation.Negate or UnaryOperation.Abs => 0,
            UnaryOperation.Square => 2 * Math.Abs(x),
            UnaryOperation.Sqrt => 1 / y,
            UnaryOperation.ReciprocalSqrt => Math.Abs(y * y * y),
            UnaryOperation.Reciprocal => y * y,
            UnaryOperation.Exp => y,
            UnaryOperation.Log => 1 / x,
            UnaryOperation.Sin or UnaryOperation.Cos => 1,
            UnaryOperation.Tanh => 1 + (y * y),
            UnaryOperation.Sigmoid => y * (1 + y),
            UnaryOperation.Softplus => 2 * s,
            UnaryOperation.Silu => 2 * s * (1 + Math.Abs(x)),
            UnaryOperation.Gelu => 2 * gate * (1 + (3 * Math.Abs(u))) * (1 + Math.Abs(u)),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
        };
        return Rounding(magnitude * dy, 4) + (LeastNormal * (1 + Math.Abs(x) + (3 * Math.Abs(u))));
    }

    /// <summary>A probability whose score lies `distance` below the largest: the difference is rounded once (distance u, which exp makes relative),
    /// exp has 2 ULP, the sum and the division are relative.</summary>
    public static double Softmax(int width, double probability, double distance) =>
        (probability * ((distance + 4) * U)) + Sum(width, probability) + Subnormal;

    /// <summary>sin(2 u) for an angle u that was rounded once: 2 |u| u, and 6 roundings of factors up to 1.</summary>
    public static double SineOfDouble(double angle) => ((2 * Math.Abs(angle)) + 12) * U;

    /// <summary>x + sin^2(alpha x) / alpha: the square of the sine has the angle's rounding |alpha x| u and 5 of its own.</summary>
    public static double Snake(double x, double alpha) => ((2 * Math.Abs(x)) + ((Math.Abs(alpha * x) + 6) / alpha)) * U;

    /// <summary>A term of Snake's slope gradient, (x sin(2 u) - sin^2(u) / alpha) / alpha, and its share of the rounding of a sum over rows.</summary>
    public static double SnakeSlope(double x, double alpha, int rows) =>
        (((Math.Abs(x) * SineOfDouble(alpha * x)) + Snake(x, alpha)) / alpha) + Sum(rows, (Math.Abs(x) + (1 / alpha)) / alpha);

    private static double GeluArgument(double x) => PlainKernels.GeluSlope * (x + (PlainKernels.GeluCubic * x * x * x));
}
