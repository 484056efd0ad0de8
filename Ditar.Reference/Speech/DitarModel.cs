// DiTAR: p(x) = prod p(patch_{i+1} | h_i, last K patches), h_i = LM(text, patches_1..i) (spec, section 1). Three transformers and a stop head.

using Ditar.Reference.Layers;

namespace Ditar.Reference.Speech;

public sealed class DitarModel
{
    public DitarModel(ParameterSource source, DitarConfig config)
    {
        if (config.Fault() is { } fault) throw new ArgumentException($"Not a model: {fault}.", nameof(config));
        Config = config;
        Encoder = new PatchEncoder(source.Root["encoder"], config);
        LanguageModel = new CausalLanguageModel(source.Root["language_model"], config);
        Diffusion = new LocalDiffusionTransformer(source.Root["diffusion"], config);
        Parameters = [.. source.Taken];
    }

    public DitarConfig Config { get; }

    public PatchEncoder Encoder { get; }

    /// <summary>Every weight by name, in the order in which layers asked for them.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    public CausalLanguageModel LanguageModel { get; }

    public LocalDiffusionTransformer Diffusion { get; }
}
