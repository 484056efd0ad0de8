// Language models' weights, packed: DiTAR's one transformer, and VoxCPM's two with the quantiser between them. What decides something (the stop heads, the
// quantiser's levels) stays float32: a rounding there is not a small error but another decision, and nothing would be won.

using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <summary>The weights of any language model.</summary>
internal interface IPackedLanguageModel : IDisposable
{
    long Bytes { get; }

    /// <summary>Memory and state of one speaker.</summary>
    ILanguageSession Start(WorkerPool? pool);
}

/// <summary>A language model at work.</summary>
internal interface ILanguageSession : ILanguageModel, IDisposable
{
    /// <summary>Native memory held.</summary>
    long Bytes { get; }
}

internal sealed class PackedLanguageModel(CausalLanguageModel definition, WeightFormat format, WorkerPool? pool) : IPackedLanguageModel
{
    public SymbolTable Table { get; } = new(definition.Table);

    public PackedTransformer Transformer { get; } = new(definition.Transformer, format, pool);

    public NativeBuffer StopWeight { get; } = PackedLinear.Vector(definition.Stop.Weight)!;

    public float StopBias { get; } = definition.Stop.Bias!.ToSingles()[0];

    public long Bytes => Table.Bytes + Transformer.Bytes + (long)StopWeight.Bytes;

    public ILanguageSession Start(WorkerPool? pool) => new LanguageSession(this, pool);

    public void Dispose()
    {
        Table.Dispose();
        Transformer.Dispose();
        StopWeight.Dispose();
    }
}

/// <summary>VoxCPM's base and residual model.</summary>
internal sealed class PackedLanguagePair(VoxCpmLanguageModel definition, VoxCpmConfig config, EngineFormats formats, WorkerPool? pool) : IPackedLanguageModel
{
    public int Width { get; } = config.Base.Width;

    /// <summary>Longest sequence.</summary>
    public int Positions { get; } = config.Positions;

    public SymbolTable Table { get; } = new(definition.Table, config.Mup?.Embedding ?? 1);

    public PackedTransformer Base { get; } = new(definition.Base, formats.LanguageModel, pool);

    public PackedTransformer Residual { get; } = new(definition.Residual, formats.LanguageModel, pool);

    public PackedLinear QuantiserInput { get; } = PackedLinear.Pack(definition.Quantiser.Input, WeightFormat.Float32, pool);

    public PackedLinear QuantiserOutput { get; } = PackedLinear.Pack(definition.Quantiser.Output, WeightFormat.Float32, pool);

    /// <summary>s: 2s + 1 levels.</summary>
    public double QuantiserScale { get; } = definition.Quantiser.Scale;

    /// <summary>Version 2's; null in version 1, which adds.</summary>
    public PackedLinear? Fusion { get; } = definition.Fusion is null ? null : PackedLinear.Pack(definition.Fusion, formats.LanguageModel, pool);

    /// <summary>The conditions are LocDiT's in all but place.</summary>
    public PackedLinear BaseCondition { get; } = PackedLinear.Pack(definition.BaseCondition, formats.Diffusion, pool);

    public PackedLinear ResidualCondition { get; } = PackedLinear.Pack(definition.ResidualCondition, formats.Diffusion, pool);

    public PackedLinear StopInput { get; } = PackedLinear.Pack(definition.StopInput, WeightFormat.Float32, pool);

    public PackedLinear StopOutput { get; } = PackedLinear.Pack(definition.StopOutput, WeightFormat.Float32, pool);

    public long Bytes => Table.Bytes + Base.Bytes + Residual.Bytes + QuantiserInput.Bytes + QuantiserOutput.Bytes + (Fusion?.Bytes ?? 0)
        + BaseCondition.Bytes + ResidualCondition.Bytes + StopInput.Bytes + StopOutput.Bytes;

    public ILanguageSession Start(WorkerPool? pool) => new LanguagePairSession(this, pool);

    public void Dispose()
    {
        Table.Dispose();
        Base.Dispose();
        Residual.Dispose();
        QuantiserInput.Dispose();
        QuantiserOutput.Dispose();
        Fusion?.Dispose();
        BaseCondition.Dispose();
        ResidualCondition.Dispose();
        StopInput.Dispose();
        StopOutput.Dispose();
    }
}
