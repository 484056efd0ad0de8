// Element-wise functions and their derivatives, written once per function from x and y = f(x).

using System.Numerics;

namespace Ditar.Reference.Kernels;

public partial class PlainKernels
{
    /// <summary>2 sqrt(2/pi), the slope inside the sigmoid form of GELU.</summary>
    public const double GeluSlope = 1.5957691216057308;

    /// <summary>The cubic coefficient of GELU's tanh form.</summary>
    public const double GeluCubic = 0.044715;

    public virtual void Unary<T>(UnaryOperation operation, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < x.Length; i++) y[i] = Value(operation, x[i]);
    }

    public virtual void UnaryGradient<T>(UnaryOperation operation, ReadOnlySpan<T> x, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < x.Length; i++) dx[i] = dy[i] * Derivative(operation, x[i], y[i]);
    }

    private static T Value<T>(UnaryOperation operation, T x) where T : unmanaged, IBinaryFloatingPointIeee754<T> => operation switch
    {
        UnaryOperation.Negate => -x,
        UnaryOperation.Abs => T.Abs(x),
        UnaryOperation.Square => x * x,
        UnaryOperation.Sqrt => T.Sqrt(x),
        UnaryOperation.ReciprocalSqrt => T.One / T.Sqrt(x),
        UnaryOperation.Reciprocal => T.One / x,
        UnaryOperation.Exp => T.Exp(x),
        UnaryOperation.Log => T.Log(x),
        UnaryOperation.Sin => T.Sin(x),
        UnaryOperation.Cos => T.Cos(x),
        UnaryOperation.Tanh => T.Tanh(x),
        UnaryOperation.Sigmoid => Sigmoid(x),
        UnaryOperation.Softplus => T.Max(x, T.Zero) + T.LogP1(T.Exp(-T.Abs(x))),
        UnaryOperation.Silu => x * Sigmoid(x),
        UnaryOperation.Gelu => x * Sigmoid(T.CreateTruncating(GeluSlope) * (x + (T.CreateTruncating(GeluCubic) * x * x * x))),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    private static T Derivative<T>(UnaryOperation operation, T x, T y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var two = T.One + T.One;
        switch (operation)
        {
            case UnaryOperation.Negate: return T.NegativeOne;
            case UnaryOperation.Abs: return x > T.Zero ? T.One : x < T.Zero ? T.NegativeOne : T.Zero;
            case UnaryOperation.Square: return two * x;
            case UnaryOperation.Sqrt: return T.One / (two * y);
            case UnaryOperation.ReciprocalSqrt: return -y * y * y / two;
            case UnaryOperation.Reciprocal: return -y * y;
            case UnaryOperation.Exp: return y;
            case UnaryOperation.Log: return T.One / x;
            case UnaryOperation.Sin: return T.Cos(x);
            case UnaryOperation.Cos: return -T.Sin(x);
            case UnaryOperation.Tanh: return T.One - (y * y);
            case UnaryOperation.Sigmoid: return y * (T.One - y);
            case UnaryOperation.Softplus: return Sigmoid(x);
            case UnaryOperation.Silu:
            {
                var s = Sigmoid(x);
                return s * (T.One + (x * (T.One - s)));
            }

            case UnaryOperation.Gelu:
            {
                // y = x s(u), u = c (x + d x^3)  =>  y' = s + x s (1 - s) u',  u' = c (1 + 3 d x^2)
                var c = T.CreateTruncating(GeluSlope);
                var d = T.CreateTruncating(GeluCubic);
                var s = Sigmoid(c * (x + (d * x * x * x)));
                return s + (x * s * (T.One - s) * c * (T.One + ((two + T.One) * d * x * x)));
            }

            default: throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    private static T Sigmoid<T>(T x) where T : unmanaged, IBinaryFloatingPointIeee754<T> => T.One / (T.One + T.Exp(-x));
}
