// Every tolerance that the kernel tests allow, with its reason. u = 2^-24 is the largest relative error of one float32 rounding.

namespace Ditar.Tests;

internal static class Tolerances
{
    /// <summary>Unit roundoff of float32.</summary>
    public const double U = 1.0 / (1 << 24);

    /// <summary>
    /// A sum of <paramref name="length"/> products, each rounded (or fused), in any order. The worst case is (length + 1) u sum|a b|;
    /// rounding errors are independent in practice, so they grow with the root: six standard deviations of length + 2 roundings.
    /// A dropped or doubled term is about sum|a b| / length: far outside for every length used here (checked with planted faults).
    /// </summary>
    public static double Sum(int length, double sumOfMagnitudes) => 6 * Math.Sqrt(length + 2) * U * sumOfMagnitudes;
}
