// The weights of a model, packed for inference. Immutable and shared: any number of sessions, on any threads, read it at once.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

/// <summary>A DiTAR model ready to run. Dispose it after its sessions.</summary>
public sealed class InferenceModel : IDisposable
{
    /// <summary>Packs the weights of a definition, which is not needed any more afterwards.</summary>
    /// <param name="definition">Of any floating type; weights are rounded to float32 and then to the formats.</param>
    /// <param name="formats">How each module is stored.</param>
    /// <param name="pool">Threads to pack with, null for the calling thread alone.</param>
    public InferenceModel(DitarModel definition, EngineFormats formats, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(formats);
        (Config, Formats) = (definition.Config, formats);
        Encoder = new PackedEncoder(definition.Encoder, formats.Encoder, pool);
        LanguageModel = new PackedLanguageModel(definition.LanguageModel, formats.LanguageModel, pool);
        Diffusion = new PackedDiffusion(definition.Diffusion, formats.Diffusion, pool);
    }

    public DitarConfig Config { get; }

    public EngineFormats Formats { get; }

    /// <summary>Native memory that the weights take.</summary>
    public long Bytes => Encoder.Bytes + LanguageModel.Bytes + Diffusion.Bytes;

    internal PackedEncoder Encoder { get; }

    internal PackedLanguageModel LanguageModel { get; }

    internal PackedDiffusion Diffusion { get; }

    /// <summary>Memory and state of one speaker.</summary>
    /// <param name="pool">Threads to use, null for the calling thread alone; sessions may share one. Results have the same bits either way.</param>
    public InferenceSession Start(WorkerPool? pool = null) => new(this, pool);

    public void Dispose()
    {
        Encoder.Dispose();
        LanguageModel.Dispose();
        Diffusion.Dispose();
    }
}

internal sealed class PackedEncoder(PatchEncoder definition, WeightFormat format, WorkerPool? pool) : IDisposable
{
    public NativeBuffer SpecialToken { get; } = PackedLinear.Vector(definition.SpecialToken)!;

    public PackedLinear Input { get; } = PackedLinear.Pack(definition.Input, WeightFormat.Float32, pool);

    public PackedTransformer Transformer { get; } = new(definition.Transformer, format, pool);

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

internal sealed class PackedLanguageModel(CausalLanguageModel definition, WeightFormat format, WorkerPool? pool) : IDisposable
{
    /// <summary>[symbols, width], float32.</summary>
    public Tensor Table { get; } = definition.Table.To(ElementType.Float32);

    public PackedTransformer Transformer { get; } = new(definition.Transformer, format, pool);

    public NativeBuffer StopWeight { get; } = PackedLinear.Vector(definition.Stop.Weight)!;

    public float StopBias { get; } = definition.Stop.Bias!.ToSingles()[0];

    public long Bytes => ((long)Table.Count * sizeof(float)) + Transformer.Bytes + (long)StopWeight.Bytes;

    public void Dispose()
    {
        Transformer.Dispose();
        StopWeight.Dispose();
    }
}

internal sealed class PackedDiffusion(LocalDiffusionTransformer definition, WeightFormat format, WorkerPool? pool) : IDisposable
{
    public PackedLinear Condition { get; } = PackedLinear.Pack(definition.Condition, format, pool);

    public PackedLinear TimeFirst { get; } = PackedLinear.Pack(definition.Time.First, WeightFormat.Float32, pool);

    public PackedLinear TimeSecond { get; } = PackedLinear.Pack(definition.Time.Second, WeightFormat.Float32, pool);

    /// <summary>Radians per unit of time, half the width of them.</summary>
    public double[] Frequencies { get; } = definition.Time.Frequencies.ToArray();

    public PackedLinear History { get; } = PackedLinear.Pack(definition.History, WeightFormat.Float32, pool);

    public PackedLinear Noisy { get; } = PackedLinear.Pack(definition.Noisy, WeightFormat.Float32, pool);

    public PackedTransformer Transformer { get; } = new(definition.Transformer, format, pool);

    public PackedLinear Output { get; } = PackedLinear.Pack(definition.Output, WeightFormat.Float32, pool);

    public long Bytes => Condition.Bytes + TimeFirst.Bytes + TimeSecond.Bytes + History.Bytes + Noisy.Bytes + Transformer.Bytes + Output.Bytes;

    public void Dispose()
    {
        Condition.Dispose();
        TimeFirst.Dispose();
        TimeSecond.Dispose();
        History.Dispose();
        Noisy.Dispose();
        Transformer.Dispose();
        Output.Dispose();
    }
}
