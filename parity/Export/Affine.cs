// An extent as a function of the symbols: c0 + sum of ci * symbol_i. Every length in our models is one; what is not is refused.

using System.Globalization;

namespace Ditar.Parity.Export;

internal sealed class Affine : IEquatable<Affine>
{
    private readonly long[] coefficients;

    private Affine(long constant, long[] coefficients) => (Constant, this.coefficients) = (constant, coefficients);

    public long Constant { get; }

    /// <summary>One per symbol.</summary>
    public ReadOnlySpan<long> Coefficients => coefficients;

    public bool IsConstant => Array.TrueForAll(coefficients, c => c == 0);

    /// <summary>The form that a list of values, one per run of <see cref="Symbol.Runs"/>, follows; null when there is none.</summary>
    /// <param name="sizes">The symbols' sizes in each run.</param>
    public static Affine? Solve(ReadOnlySpan<long> values, IReadOnlyList<int[]> sizes)
    {
        var first = sizes[0];
        var coefficients = new long[first.Length];
        var constant = values[0];
        for (var i = 0; i < coefficients.Length; i++)
        {
            // Run i + 1 differs from the first in symbol i only.
            var (change, step) = (values[i + 1] - values[0], sizes[i + 1][i] - first[i]);
            if (change % step != 0) return null;
            coefficients[i] = change / step;
            constant -= coefficients[i] * first[i];
        }

        var solved = new Affine(constant, coefficients);
        for (var run = 0; run < sizes.Count; run++)
            if (solved.At(sizes[run]) != values[run]) return null;
        return solved;
    }

    public long At(ReadOnlySpan<int> sizes)
    {
        var value = Constant;
        for (var i = 0; i < coefficients.Length; i++) value += coefficients[i] * sizes[i];
        return value;
    }

    public Affine Plus(Affine other, int sign = 1) =>
        new(Constant + (sign * other.Constant), [.. coefficients.Zip(other.coefficients, (a, b) => a + (sign * b))]);

    /// <summary>"past + time", "400*frames", "7".</summary>
    public string ToText(IReadOnlyList<Symbol> symbols)
    {
        var terms = coefficients.Select((c, i) => c switch { 0 => "", 1 => symbols[i].Name, -1 => $"-{symbols[i].Name}", _ => string.Create(CultureInfo.InvariantCulture, $"{c}*{symbols[i].Name}") })
            .Where(term => term.Length > 0).ToList();
        if (Constant != 0 || terms.Count == 0) terms.Add(Constant.ToString(CultureInfo.InvariantCulture));
        return string.Join(" + ", terms).Replace("+ -", "- ", StringComparison.Ordinal);
    }

    public bool Equals(Affine? other) => other is not null && Constant == other.Constant && coefficients.AsSpan().SequenceEqual(other.coefficients);

    public override bool Equals(object? obj) => Equals(obj as Affine);

    public override int GetHashCode() => coefficients.Aggregate(Constant.GetHashCode(), HashCode.Combine);
}
