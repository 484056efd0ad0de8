// Every tolerance of the tests, with its reason. u = 2^-24 is the largest relative error of one float32 rounding. The values compared are of magnitude 1
// unless said otherwise.

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

    /// <summary>
    /// Up to some thousand float64 operations on numbers of magnitude 1: worst case n eps/2 = 1e3 * 1.1e-16 = 1.1e-13; errors that add up at random stay
    /// near sqrt(n) of that. The mistakes looked for are above 1e-3.
    /// </summary>
    public const double FewFloat64Operations = 1e-12;

    /// <summary>As above where a division by 0.02 or more amplifies what is already rounded.</summary>
    public const double AmplifiedFloat64Operations = 1e-11;

    /// <summary>A handful of float64 operations on numbers up to 4: ten ULPs of 4.</summary>
    public const double HandfulOfFloat64Operations = 1e-14;

    /// <summary>Central differences of smooth functions with h = 1e-5: h^2/6 times a third derivative below 4, and eps/h = 2e-11 of cancellation.</summary>
    public const double CentralDifference = 1e-9;
}
