// Logarithm, sine and cosine from +, -, *, / alone, for random draws that are the same to the last bit on every machine.
// Math.Log and Math.Cos call the platform's C library, whose last bits differ between systems. IEEE 754 fixes the result of the four
// operations and of the square root, and the .NET compiler neither contracts a * b + c into a fused operation nor reorders sums.
// Left out: every argument that the Box-Muller transform cannot produce (zero, negative, subnormal, infinite, NaN, angles beyond one turn).
namespace Ditar.Reference.Randomness;

internal static class PortableMath
{
    // ln 2 split so that exponent * High is exact: High has its last 21 bits clear. (The usual pair; its sum is ln 2 to about 100 bits.)
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double SqrtHalf = 0.70710678118654752440;
    private const double HalfPi = 1.57079632679489661923;

    /// <summary>Natural logarithm of a normal positive number; within 2 ULP.</summary>
    /// <remarks>
    /// x = m 2^e with m in [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1), |s| &lt; 0.1716, ln x = e ln 2 + 2 (s + s^3/3 + s^5/5 + ... + s^21/21).
    /// The first term left out is below s^23/23: 7e-19 relative, far under half a ULP (1.1e-16). m - 1 is exact for m in [1/2, 2].
    /// </remarks>
    public static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1022;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000);      // [1/2, 1)
        if (mantissa < SqrtHalf)
        {
            mantissa *= 2;
            exponent--;
        }

        var s = (mantissa - 1) / (mantissa + 1);
        var s2 = s * s;
        var tail = 1.0 / 21;
        for (var odd = 19; odd >= 3; odd -= 2)
            tail = tail * s2 + 1.0 / odd;
        return exponent * Ln2High + (2 * s + (2 * s * s2 * tail + exponent * Ln2Low));
    }

    /// <summary>Sine and cosine of 2 pi <paramref name="turn"/> for turn in [0, 1]; absolute error below 3e-16.</summary>
    /// <remarks>
    /// The reduction to the nearest quarter turn happens before pi enters and is exact. What is left, |x| at most pi/4, goes through the Taylor
    /// series up to x^17/17! and x^16/16!; the first terms left out are below (pi/4)^19/19! = 9e-20 and (pi/4)^18/18! = 3e-18.
    /// </remarks>
    public static (double Sin, double Cos) SinCosTurn(double turn)
    {
        var quarter = (int)(4 * turn + 0.5);
        var x = (4 * turn - quarter) * HalfPi;
        var x2 = x * x;
        var sinTail = 1.0;
        var cosTail = 1.0;
        for (var n = 16; n >= 2; n -= 2)
        {
            sinTail = 1 - x2 / (n * (n + 1)) * sinTail;
            cosTail = 1 - x2 / (n * (n - 1)) * cosTail;
        }

        var (sin, cos) = (x * sinTail, cosTail);
        return (quarter & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }
}
