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
