// Element-wise operations with broadcasting: shapes are aligned at their last axes and an extent of 1 stretches.

using System.Numerics;
using Ditar.Reference.Kernels;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    public static Tensor operator +(Tensor a, Tensor b) => Binary(BinaryOperation.Add, a, b);

    public static Tensor operator -(Tensor a, Tensor b) => Binary(BinaryOperation.Subtract, a, b);

    public static Tensor operator *(Tensor a, Tensor b) => Binary(BinaryOperation.Multiply, a, b);

    public static Tensor operator /(Tensor a, Tensor b) => Binary(BinaryOperation.Divide, a, b);

    public static Tensor operator +(Tensor a, double b) => a + Full(a.Type, b);

    public static Tensor operator -(Tensor a, double b) => a - Full(a.Type, b);

    public static Tensor operator *(Tensor a, double b) => a * Full(a.Type, b);

    public static Tensor operator /(Tensor a, double b) => a * (1 / b);

    public static Tensor operator +(double a, Tensor b) => b + a;

    public static Tensor operator -(double a, Tensor b) => Full(b.Type, a) - b;

    public static Tensor operator *(double a, Tensor b) => b * a;

    public static Tensor operator /(double a, Tensor b) => Full(b.Type, a) / b;

    public static Tensor operator -(Tensor a) => a.Unary(UnaryOperation.Negate);

    public Tensor Abs() => Unary(UnaryOperation.Abs);

    public Tensor Square() => Unary(UnaryOperation.Square);

    public Tensor Sqrt() => Unary(UnaryOperation.Sqrt);

    public Tensor ReciprocalSqrt() => Unary(UnaryOperation.ReciprocalSqrt);

    public Tensor Reciprocal() => Unary(UnaryOperation.Reciprocal);

    public Tensor Exp() => Unary(UnaryOperation.Exp);

    public Tensor Log() => Unary(UnaryOperation.Log);

    public Tensor Sin() => Unary(UnaryOperation.Sin);

    public Tensor Cos() => Unary(UnaryOperation.Cos);

    public Tensor Tanh() => Unary(UnaryOperation.Tanh);

    public Tensor Sigmoid() => Unary(UnaryOperation.Sigmoid);

    /// <summary>log(1 + exp(x)).</summary>
    public Tensor Softplus() => Unary(UnaryOperation.Softplus);

    /// <summary>x sigmoid(x).</summary>
    public Tensor Silu() => Unary(UnaryOperation.Silu);

    /// <summary>GELU in its tanh form (ours: the paper does not say which).</summary>
    public Tensor Gelu() => Unary(UnaryOperation.Gelu);

    /// <summary>Values below or above the limits become the limits; the gradient there is zero.</summary>
    public Tensor Clamp(double lowest, double highest)
    {
        var result = Like();
        if (Type == ElementType.Float32) Clamp<float>(Values<float>(), (float)lowest, (float)highest, result.Values<float>());
        else Clamp<double>(Values<double>(), lowest, highest, result.Values<double>());
        if (Tape.Tracks(this))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                if (Type == ElementType.Float32) ClampGradient<float>(Values<float>(), (float)lowest, (float)highest, gradient.Values<float>(), dx.Values<float>());
                else ClampGradient<double>(Values<double>(), lowest, highest, gradient.Values<double>(), dx.Values<double>());
                tape.Accumulate(this, dx);
            });
        }

        return Observation.Record(OperationKind.Clamp, result, [this], numbers: [lowest, highest]);
    }

    /// <summary>The nearest whole number, ties to the even one. Its gradient is taken to be one (straight-through), as quantisers are trained.</summary>
    public Tensor Round()
    {
        var result = Like();
        if (Type == ElementType.Float32) Round<float>(Values<float>(), result.Values<float>());
        else Round<double>(Values<double>(), result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient, owned: false));
        return Observation.Record(OperationKind.Round, result, [this]);
    }

    private Tensor Unary(UnaryOperation operation)
    {
        var result = Like();
        if (Type == ElementType.Float32) Kernels.Unary<float>(operation, Values<float>(), result.Values<float>());
        else Kernels.Unary<double>(operation, Values<double>(), result.Values<double>());
        if (Tape.Tracks(this))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                if (Type == ElementType.Float32)
                    Kernels.UnaryGradient<float>(operation, Values<float>(), result.Values<float>(), gradient.Values<float>(), dx.Values<float>());
                else
                    Kernels.UnaryGradient<double>(operation, Values<double>(), result.Values<double>(), gradient.Values<double>(), dx.Values<double>());
                tape.Accumulate(this, dx);
            });
        }

        return Observation.Record(OperationKind.Negate + (operation - UnaryOperation.Negate), result, [this]);
    }

    private static Tensor Binary(BinaryOperation operation, Tensor a, Tensor b)
    {
        RequireSameType(a, b);
        Span<int> joint = stackalloc int[Math.Max(a.Rank, b.Rank)];
        ShapeText.Broadcast(a.shape, b.shape, joint);
        var result = Allocate(a.Type, joint);
        if (a.Type == ElementType.Float32) Broadcasting.Run<float>(operation, a, b, result);
        else Broadcasting.Run<double>(operation, a, b, result);
        if (Tape.Tracks(a, b)) RecordBinary(result, operation, a, b);
        return Observation.Record(OperationKind.Add + (operation - BinaryOperation.Add), result, [a, b]);
    }

    private static void RecordBinary(Tensor result, BinaryOperation operation, Tensor a, Tensor b) =>
        Tape.Record(result, (tape, gradient) => BinaryGradient(tape, operation, a, b, gradient));

    private static void BinaryGradient(Tape tape, BinaryOperation operation, Tensor a, Tensor b, Tensor gradient)
    {
        if (tape.Wants(a))
        {
            var da = operation switch
            {
                BinaryOperation.Multiply => gradient * b,
                BinaryOperation.Divide => gradient / b,
                _ => gradient,
            };
            Pass(tape, a, da, gradient);
        }

        if (tape.Wants(b))
        {
            var db = operation switch
            {
                BinaryOperation.Add => gradient,
                BinaryOperation.Subtract => -gradient,
                BinaryOperation.Multiply => gradient * a,
                _ => -(gradient * a / b.Square()),
            };
            Pass(tape, b, db, gradient);
        }
    }

    // What was stretched forward is summed backward. The incoming gradient itself may be somebody else's, so it is passed on as not owned.
    private static void Pass(Tape tape, Tensor input, Tensor gradient, Tensor incoming)
    {
        var reduced = gradient.SumTo(input.shape);
        tape.Accumulate(input, reduced, owned: !ReferenceEquals(reduced.storage, incoming.storage));
    }

    private static void Round<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < x.Length; i++) y[i] = T.Round(x[i], MidpointRounding.ToEven);
    }

    private static void Clamp<T>(ReadOnlySpan<T> x, T lowest, T highest, Span<T> y) where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < x.Length; i++) y[i] = T.Max(lowest, T.Min(highest, x[i]));
    }

    private static void ClampGradient<T>(ReadOnlySpan<T> x, T lowest, T highest, ReadOnlySpan<T> dy, Span<T> dx) where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < x.Length; i++) dx[i] = x[i] < lowest || x[i] > highest ? T.Zero : dy[i];
    }
}
