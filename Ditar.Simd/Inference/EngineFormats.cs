// How each module's weights are stored. What touches latents or times (a few small matrices) stays float32 whatever is chosen: rounding there would be
// heard in every step, and nothing would be won.

using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

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

    /// <summary>How a checkpoint's file stores each module: what is rounded there already loses nothing more in the same format. Other types become float32.</summary>
    public static EngineFormats Stored(WeightFile file) => Stored(file, module => $"{module}.transformer.layers.0.attention.query.weight");

    /// <summary>The same of an official VoxCPM file.</summary>
    public static EngineFormats StoredVoxCpm(WeightFile file) =>
        Stored(file, module => VoxCpmLayout.OfficialName($"{module}.{(module == "language_model" ? "base" : "transformer")}.layers.0.attention.query.weight"));

    /// <summary>The format of a parameter by its name in the checkpoint (of VoxCPM by our name); null for those that keep their own: vectors, and what touches
    /// latents or times or decides something.</summary>
    public WeightFormat? Of(string parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var module = parameter switch
        {
            "language_model.fusion.weight" or "encoder.output.weight" or "diffusion.condition.weight" => parameter.Split('.')[0],
            "language_model.base_condition.weight" or "language_model.residual_condition.weight" => "diffusion",
            _ when parameter.EndsWith(".weight", StringComparison.Ordinal) && parameter.Contains(".layers.", StringComparison.Ordinal) => parameter.Split('.')[0],
            _ => null,
        };
        return module switch
        {
            "encoder" => Encoder,
            "language_model" => LanguageModel,
            "diffusion" => Diffusion,
            _ => null,
        };
    }

    /// <summary>Bytes that the weights of a model take in these formats, scales included.</summary>
    public long BytesOf(DitarModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Parameters.Sum(parameter =>
        {
            var (count, rows) = ((long)parameter.Value.Count, (long)parameter.Value[0]);
            return Of(parameter.Key) switch
            {
                WeightFormat.BFloat16 => 2 * count,
                WeightFormat.Int8 => count + (rows * sizeof(float)),
                WeightFormat.Int4 => (count / 2) + (count / PackedMatrix.DefaultGroup * sizeof(float)),
                _ => count * sizeof(float),
            };
        });
    }

    public override string ToString() => Encoder == LanguageModel && LanguageModel == Diffusion
        ? Name(Encoder)
        : $"{Name(Encoder)} encoder, {Name(LanguageModel)} language model, {Name(Diffusion)} diffusion";

    private static EngineFormats Stored(WeightFile file, Func<string, string> name)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new(Of("encoder"), Of("language_model"), Of("diffusion"));

        WeightFormat Of(string module) => !file.Contains(name(module)) ? WeightFormat.Float32 : file[name(module)].Type switch
        {
            SafetensorsType.BF16 => WeightFormat.BFloat16,
            SafetensorsType.I8 => WeightFormat.Int8,
            SafetensorsType.U8 => WeightFormat.Int4,
            _ => WeightFormat.Float32,
        };
    }

    private static string Name(WeightFormat format) => format switch
    {
        WeightFormat.BFloat16 => "bf16",
        WeightFormat.Int8 => "int8",
        WeightFormat.Int4 => "int4",
        _ => "float32",
    };
}
