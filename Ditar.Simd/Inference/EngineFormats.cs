// How each module's weights are stored. What touches latents or times (a few small matrices) stays float32 whatever is chosen: rounding there would be
// heard in every step, and nothing would be won.

namespace Ditar.Simd;

/// <summary>The weight format of each module.</summary>
/// <param name="Encoder">The patch encoder.</param>
/// <param name="LanguageModel">The language model; read once per patch, so memory speed is all.</param>
/// <param name="Diffusion">The local diffusion transformer; read at every solver step.</param>
public sealed record EngineFormats(WeightFormat Encoder, WeightFormat LanguageModel, WeightFormat Diffusion)
{
    /// <summary>One format for all three.</summary>
    public static EngineFormats All(WeightFormat format) => new(format, format, format);

    /// <summary>The names that <see cref="Named"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["float32", "bf16", "int8", "int4"];

    /// <summary>One of the usual choices. "int4" is for the language model, whose weights are most of a model and are read once per patch; the rest is int8.</summary>
    /// <exception cref="ArgumentException">No such name; the message lists those there are.</exception>
    public static EngineFormats Named(string name) => name switch
    {
        "float32" => All(WeightFormat.Float32),
        "bf16" => All(WeightFormat.BFloat16),
        "int8" => All(WeightFormat.Int8),
        "int4" => new(WeightFormat.Int8, WeightFormat.Int4, WeightFormat.Int8),
        _ => throw new ArgumentException($"No weight format is called '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    public override string ToString() => Encoder == LanguageModel && LanguageModel == Diffusion
        ? Name(Encoder)
        : $"{Name(Encoder)} encoder, {Name(LanguageModel)} language model, {Name(Diffusion)} diffusion";

    private static string Name(WeightFormat format) => format switch
    {
        WeightFormat.BFloat16 => "bf16",
        WeightFormat.Int8 => "int8",
        WeightFormat.Int4 => "int4",
        _ => "float32",
    };
}
