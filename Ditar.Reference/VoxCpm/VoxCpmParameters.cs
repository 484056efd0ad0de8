// Official model weights as our layers ask for them, by official names, rows of queries and keys in our order of rotary pairs. Values convert to the element
// type while they are read; bf16 stays bf16 in the file, and
// integers (of a folder that `ditar quantize` wrote) stay integers. What a LoRA adapts is read at once.

using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmParameters : ParameterSource
{
    private readonly WeightFile file;
    private readonly VoxCpmConfig config;
    private readonly LoraWeights? lora;
    private readonly bool later;

    /// <param name="file">Stays open while layers are built, and with <paramref name="later"/> for as long as their weights live.</param>
    /// <param name="lora">Merged into what it adapts.</param>
    /// <param name="later">Whether weights are read when they are first used instead of now. They are checked now either way.</param>
    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public VoxCpmParameters(WeightFile file, VoxCpmConfig config, ElementType type, LoraWeights? lora = null, bool later = false)
        : base(type)
    {
        ArgumentNullException.ThrowIfNull(file);
        this.file = file;
        this.config = config;
        this.lora = lora;
        this.later = later;
        Require(file, config);
    }

    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public static void Require(WeightFile file, VoxCpmConfig config) =>
        // A training checkpoint may carry the VAE as well.
        OfficialTensor.RequireExactly(file, VoxCpmLayout.Of(config), name => name.StartsWith(AudioVaeParameters.Prefix, StringComparison.Ordinal), quantised: true);

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        var official = VoxCpmLayout.OfficialName(name);
        if (QuantisedMatrix.IsIn(file, official))
        {
            QuantisedMatrix.Check(file, official, shape);
        }
        else
        {
            if (file[official].Count != ShapeText.Count(shape))
                throw new CheckpointException(file.Path, official, ShapeText.Of(shape), CheckpointException.Shape(file[official].Shape));
            file.CheckFinite(official);
        }

        StoredValues values = new FileValues(file, official, shape.ToArray());
        var headDim = VoxCpmLayout.HeadDimToInterleave(config, name);
        if (lora is not null && lora.Modules.Contains(official[..Math.Max(0, official.LastIndexOf('.'))]))
        {
            var merged = Tensor.Of(Type, values, shape);
            Merge(lora, official, merged);
            if (headDim > 0 && Type == ElementType.Float32) InterleavedValues.Interleave(merged.Values<float>(), shape[1], headDim);
            else if (headDim > 0) InterleavedValues.Interleave(merged.Values<double>(), shape[1], headDim);
            return merged;
        }

        var tensor = Tensor.Of(Type, headDim > 0 ? new InterleavedValues(values, shape[1], headDim) : values, shape);
        if (!later) tensor.Materialise();
        return tensor;
    }

    private static void Merge(LoraWeights lora, string official, Tensor tensor)
    {
        var merged = tensor.ToDoubles();
        lora.Merge(official, merged);
        if (tensor.Type == ElementType.Float64) merged.CopyTo(tensor.Values<double>());
        else for (var i = 0; i < merged.Length; i++) tensor.Values<float>()[i] = (float)merged[i];
    }
}
