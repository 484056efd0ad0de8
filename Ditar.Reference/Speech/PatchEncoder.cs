// LocEnc, the aggregation encoder (spec, section 1): a special token reads the P latents of one patch with full attention and becomes the patch
// embedding. Each patch is encoded on its own.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Speech;

public sealed class PatchEncoder : IPatchEncoder
{
    private readonly int latentDim;
    private readonly string path;

    public PatchEncoder(ParameterScope scope, DitarConfig config)
        : this(scope, config.PatchSize, config.LatentDim, config.Stack(config.Encoder, causal: false, 1 + config.PatchSize), config.LanguageModel.Width)
    {
    }

    /// <param name="patchSize">P.</param>
    /// <param name="latentDim">D.</param>
    /// <param name="width">Of the embedding.</param>
    /// <param name="positions">Null for plain rotary positions.</param>
    public PatchEncoder(ParameterScope scope, int patchSize, int latentDim, TransformerConfig transformer, int width, RotaryPositions? positions = null)
    {
        (PatchSize, this.latentDim) = (patchSize, latentDim);
        path = scope.Path;
        SpecialToken = scope.Take("special_token", [transformer.Width], new Start.Normal(0.5));
        Input = new Linear(scope["input"], latentDim, transformer.Width);
        Transformer = new Transformer(scope["transformer"], transformer, positions);
        Output = new Linear(scope["output"], transformer.Width, width);
    }

    /// <summary>P.</summary>
    public int PatchSize { get; }

    /// <summary>[width].</summary>
    public Tensor SpecialToken { get; }

    public Linear Input { get; }

    public Transformer Transformer { get; }

    /// <summary>To the language model's width (ours).</summary>
    public Linear Output { get; }

    public Tensor Encode(Tensor patches)
    {
        if (patches.Rank != 3 || patches[1] != PatchSize || patches[2] != latentDim)
            throw new ArgumentException($"Patches are [count, {PatchSize}, {latentDim}], found {patches}.", nameof(patches));
        var here = Module.Enter(path);
        var width = SpecialToken.Count;
        var latents = Input.Forward(patches);                                                      // [count, P, width]
        var special = SpecialToken + Tensor.Zeros(latents.Type, patches[0], 1, width);
        var x = Tensor.Concat(1, special, latents);                                                // [count, 1 + P, width]
        var first = Transformer.Forward(x).Slice(1, 0, 1);                                         // [count, 1, width]
        return here.Output(Output.Forward(first.Reshape(patches[0], width)));       // [count, width of the language model]
    }
}
