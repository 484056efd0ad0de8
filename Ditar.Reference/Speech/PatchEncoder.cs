// LocEnc, the aggregation encoder (spec, section 1): a special token reads the P latents of one patch with full attention and becomes the patch
// embedding. Each patch is encoded on its own.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Speech;

public sealed class PatchEncoder : IPatchEncoder
{
    private readonly DitarConfig config;
    private readonly string path;

    public PatchEncoder(ParameterScope scope, DitarConfig config)
    {
        this.config = config;
        path = scope.Path;
        SpecialToken = scope.Take("special_token", [config.Encoder.Width], new Start.Normal(0.5));
        Input = new Linear(scope["input"], config.LatentDim, config.Encoder.Width);
        Transformer = new Transformer(scope["transformer"], config.Stack(config.Encoder, causal: false, 1 + config.PatchSize));
        Output = new Linear(scope["output"], config.Encoder.Width, config.LanguageModel.Width);
    }

    /// <summary>[width].</summary>
    public Tensor SpecialToken { get; }

    public Linear Input { get; }

    public Transformer Transformer { get; }

    /// <summary>To the language model's width (ours).</summary>
    public Linear Output { get; }

    public Tensor Encode(Tensor patches)
    {
        if (patches.Rank != 3 || patches[1] != config.PatchSize || patches[2] != config.LatentDim)
            throw new ArgumentException($"Patches are [count, {config.PatchSize}, {config.LatentDim}], found {patches}.", nameof(patches));
        var here = Module.Enter(path);
        var latents = Input.Forward(patches);                                                      // [count, P, width]
        var special = SpecialToken + Tensor.Zeros(latents.Type, patches[0], 1, config.Encoder.Width);
        var x = Tensor.Concat(1, special, latents);                                                // [count, 1 + P, width]
        var first = Transformer.Forward(x).Slice(1, 0, 1);                                         // [count, 1, width]
        return here.Output(Output.Forward(first.Reshape(patches[0], config.Encoder.Width)));       // [count, width of the language model]
    }
}
