// Tolerances of fused products: how the error of a sum goes through the functions that follow it.

using Ditar.Reference.Kernels;

namespace Ditar.Tests;

internal static partial class Tolerances
{
    // The steepest slopes: SiLU 1.0998 at x = 2.4, GELU 1.1290 at x = 1.4.
    private const double SteepestActivation = 1.13;

    /// <summary>An activation of a value that has an error already.</summary>
    public static (double Value, double Error) Activated(UnaryOperation operation, double x, double error)
    {
        var u = operation == UnaryOperation.Gelu ? GeluArgument(x) : x;
        var value = x / (1 + Math.Exp(-u));
        return (value, (SteepestActivation * error) + Function(operation, x, value));
    }

    /// <summary>silu(gate) * up, both with errors.</summary>
    public static (double Value, double Error) GatedProduct(double gate, double gateError, double up, double upError)
    {
        var (value, error) = Activated(UnaryOperation.Silu, gate, gateError);
        return (value * up, (error * (Math.Abs(up) + upError)) + (Math.Abs(value) * upError) + Rounding(value * up, 1));
    }

    /// <summary>A value after a root-mean-square norm: half the relative error of the mean square, and six roundings.</summary>
    public static double Norm(int width, double value) => (Sum(width, 1) / 2 * Math.Abs(value)) + Rounding(value, 6);
}
