// LocEnc's weights, packed. What touches latents stays float32.

using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed class PackedEncoder(PatchEncoder definition, WeightFormat format, WorkerPool? pool) : IDisposable
{
    /// <summary>P.</summary>
    public int PatchSize { get; } = definition.PatchSize;

    /// <summary>D.</summary>
    public int LatentDim => Input.Weight.Inputs;

    public NativeBuffer SpecialToken { get; } = PackedLinear.Vector(definition.SpecialToken)!;

    public PackedLinear Input { get; } = PackedLinear.Pack(definition.Input, WeightFormat.Float32, pool);

    public PackedTransformer Transformer { get; } = new(definition.Transformer, format, pool);

    /// <summary>To the language model's width.</summary>
    public PackedLinear Output { get; } = PackedLinear.Pack(definition.Output, format, pool);

    public long Bytes => (long)SpecialToken.Bytes + Input.Bytes + Transformer.Bytes + Output.Bytes;

    public void Dispose()
    {
        SpecialToken.Dispose();
        Input.Dispose();
        Transformer.Dispose();
        Output.Dispose();
    }
}
