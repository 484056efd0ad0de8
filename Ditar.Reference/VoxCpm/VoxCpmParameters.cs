// Official model weights as our layers ask for them, by official names, rows of queries and keys in our order of rotary pairs. Values convert to the element
// type while they are read; bf16 stays bf16 in the file.

using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmParameters : ParameterSource
{
    private readonly WeightFile file;
    private readonly VoxCpmConfig config;
    private readonly LoraWeights? lora;

    /// <param name="file">Stays open only while layers are built.</param>
    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    /// <param name="lora">Merged into what it adapts.</param>
    public VoxCpmParameters(WeightFile file, VoxCpmConfig config, ElementType type, LoraWeights? lora = null)
        : base(type)
    {
        ArgumentNullException.ThrowIfNull(file);
        this.file = file;
        this.config = config;
        this.lora = lora;
        Require(file, config);
    }

    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public static void Require(WeightFile file, VoxCpmConfig config) =>
        // A training checkpoint may carry the VAE as well.
        OfficialTensor.RequireExactly(file, VoxCpmLayout.Of(config), name => name.StartsWith(AudioVaeParameters.Prefix, StringComparison.Ordinal));

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        var official = VoxCpmLayout.OfficialName(name);
        if (file[official].Count != ShapeText.Count(shape))
            throw new CheckpointException(file.Path, official, ShapeText.Of(shape), CheckpointException.Shape(file[official].Shape));
        file.CheckFinite(official);
        var tensor = Tensor.Zeros(Type, shape).Copy();
        if (Type == ElementType.Float32) file.ReadFloat32(official, tensor.Values<float>());
        else file.ReadFloat64(official, tensor.Values<double>());
        if (lora is not null) Merge(lora, official, tensor);
        if (VoxCpmLayout.HeadDimToInterleave(config, name) is var headDim and > 0)
        {
            if (Type == ElementType.Float32) Interleave(tensor.Values<float>(), shape[1], headDim);
            else Interleave(tensor.Values<double>(), shape[1], headDim);
        }

        return tensor;
    }

    private static void Merge(LoraWeights lora, string official, Tensor tensor)
    {
        if (!lora.Modules.Contains(official[..Math.Max(0, official.LastIndexOf('.'))])) return;
        var merged = tensor.ToDoubles();
        lora.Merge(official, merged);
        if (tensor.Type == ElementType.Float64) merged.CopyTo(tensor.Values<double>());
        else for (var i = 0; i < merged.Length; i++) tensor.Values<float>()[i] = (float)merged[i];
    }

    private static void Interleave<T>(Span<T> weight, int inputs, int headDim)
    {
        T[] official = [.. weight[..(headDim * inputs)]];
        for (var head = 0; head < weight.Length; head += headDim * inputs)
        {
            var rows = weight.Slice(head, headDim * inputs);
            rows.CopyTo(official);
            for (var row = 0; row < headDim; row++)
                official.AsSpan(VoxCpmLayout.OfficialRow(row, headDim) * inputs, inputs).CopyTo(rows[(row * inputs)..]);
        }
    }
}
