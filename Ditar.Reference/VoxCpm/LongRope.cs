// LongRoPE (Ding et al., arXiv 2402.13753): each frequency is divided by a factor of its own, and cosines and sines grow by one scale. Which of the two
// lists applies is decided by the configured maximum alone, never by the length of a sequence. Angles are products of float32 numbers in the
// official order, because at late positions their rounding shows.

using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

/// <param name="Theta">Base of the frequencies.</param>
/// <param name="MaxPositions">max_position_embeddings.</param>
/// <param name="Factors">One for each pair of dims; null for plain rotary positions.</param>
/// <param name="Scale">On cosines and sines.</param>
public sealed record LongRope(double Theta, int MaxPositions, IReadOnlyList<double>? Factors, double Scale)
{
    private const int MostPairs = 512;

    /// <summary>theta^(-2i / headDim) in float32.</summary>
    public static float[] Frequencies(int headDim, double theta)
    {
        var frequencies = new float[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++) frequencies[i] = 1 / (float)Math.Pow(theta, 2f * i / headDim);
        return frequencies;
    }

    public RotaryPositions Positions(ElementType type, int positions, int headDim)
    {
        var frequencies = Frequencies(headDim, Theta);
        float[] inverse = [.. Enumerable.Range(0, headDim / 2).Select(i => Factors is null ? 1f : 1f / (float)Factors[i])];
        return new RotaryPositions(positions, headDim / 2, (position, pair) => position * inverse[pair] * frequencies[pair], type, Scale);
    }

    internal static LongRope Read(ConfigSection language)
    {
        var theta = language.Number("rope_theta", 10000, 1.0001, 1e12);
        var longest = language.Integer("max_position_embeddings", 32768, 1, 1 << 24);
        var scaling = language.Section("rope_scaling");
        var original = scaling.Integer("original_max_position_embeddings", longest, 2, 1 << 24);
        var factors = scaling.Numbers(longest > original ? "long_factor" : "short_factor", 1e-6, 1e6, MostPairs);
        if (language.Has("rope_scaling") && factors is null) throw language.Fault("rope_scaling", "long_factor and short_factor", "one of them missing");
        var scale = Math.Sqrt(1 + (Math.Log((double)longest / original) / Math.Log(original)));
        if (!(scale > 0)) throw language.Fault("max_position_embeddings", $"a number that suits the original {original}", $"{longest}");
        return new(theta, longest, factors, factors is null ? 1 : scale);
    }
}
