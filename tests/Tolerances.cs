// Every tolerance of the tests, with its reason. u = 2^-24 is the largest relative error of one float32 rounding. The values compared are of magnitude 1
// unless said otherwise.

using Ditar.Reference;

namespace Ditar.Tests;

internal static partial class Tolerances
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

    /// <summary>
    /// golden.md lists, by group, the largest difference between the recorded float32 values and a float64 run of the same code. Our float64 run must show
    /// the same figure (a fifth is allowed for its float32 rotary tables); our float32 differs by the order of its sums, for which ten times the figure is
    /// allowed. Planted mistakes are four orders of magnitude above.
    /// </summary>
    public static double Golden(double distance, ElementType type) => (type == ElementType.Float64 ? 1.2 : 10) * distance;

    /// <summary>
    /// A float32 angle p f of up to p radians that went through two rounded factors and two products: 4 u p; cosine and sine follow it with slope 1, times
    /// the table's scale below 1.1, and are rounded twice themselves.
    /// </summary>
    public static double RotaryTable(int position) => 1.1 * ((4 * U * position) + (2 * U));

    /// <summary>A float32 time below 1 out of five rounded operations on numbers up to 2, plus what repeated subtraction over 50 steps adds.</summary>
    public const double SwayGrid = (10 + 50) * U;

    /// <summary>
    /// Recorded VoxCPM tensors, as shares of each tensor's largest magnitude. The recordings are float32 themselves: golden.md puts their own distance from
    /// float64 at 5e-7 for hidden states and 3e-6 where a time multiplied by 1000 went through a sine, and ours is another order of the same sums. Planted
    /// mistakes are above 1e-2.
    /// </summary>
    public const double VoxCpmHidden = 1e-5;

    /// <summary>Generated patches and velocities.</summary>
    public const double VoxCpmPatch = 1e-4;

    public const double VoxCpmWave = 1e-4;

    /// <summary>A stream's samples against a whole decode of our own in another order of the same sums, whose terms reach 21 in the last layers: four ULPs of that.</summary>
    public const double VoxCpmPieces = 4 * 21 * U;
}
