// VoxCPM as a setting of DiTAR's parts: the same patch encoder, transformer and loop; a pair of language models with a quantiser between them, and its own
// LocDiT. Names of modules are ours; VoxCpmParameters knows the official ones.

using Ditar.Reference.Layers;
using Ditar.Reference.Speech;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmModel
{
    public VoxCpmModel(ParameterSource source, VoxCpmConfig config)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        var tokens = 1 + config.PatchSize;
        Encoder = new PatchEncoder(
            source.Root["encoder"], config.PatchSize, config.LatentDim, config.Transformer(config.Encoder, causal: false, tokens), config.Base.Width,
            config.Rotary.Positions(source.Type, tokens, config.Encoder.HeadDim));
        LanguageModel = new VoxCpmLanguageModel(source.Root["language_model"], config);
        Diffusion = new VoxCpmDiffusion(source.Root["diffusion"], config);
        Parameters = [.. source.Taken];
    }

    public VoxCpmConfig Config { get; }

    public PatchEncoder Encoder { get; }

    public VoxCpmLanguageModel LanguageModel { get; }

    public VoxCpmDiffusion Diffusion { get; }

    /// <summary>What the generation loop must know.</summary>
    public PatchShape Shape => new(Config.PatchSize, 1, Config.LatentDim, Config.Positions);

    /// <summary>Every weight by name, in the order in which layers asked for them.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }
}
