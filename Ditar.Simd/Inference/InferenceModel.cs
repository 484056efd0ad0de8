// The weights of a model, packed for inference. Immutable and shared: any number of sessions, on any threads, read it at once.

using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <summary>A DiTAR or VoxCPM model ready to run. Dispose it after its sessions.</summary>
public sealed class InferenceModel : IDisposable
{
    /// <summary>Packs the weights of a definition, which is not needed any more afterwards.</summary>
    /// <param name="definition">Of any floating type; weights are rounded to float32 and then to the formats. Those that still lie in a file are read from there,
    /// matrix by matrix, and those that are bfloat16 there are rounded once.</param>
    /// <param name="formats">How each module is stored.</param>
    /// <param name="pool">Threads to pack with, null for the calling thread alone.</param>
    public InferenceModel(DitarModel definition, EngineFormats formats, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(formats);
        (Shape, Formats) = (PatchShape.Of(definition.Config), formats);
        Encoder = new PackedEncoder(definition.Encoder, formats.Encoder, pool);
        LanguageModel = new PackedLanguageModel(definition.LanguageModel, formats.LanguageModel, pool);
        Diffusion = new PackedDiffusion(definition.Diffusion, definition.Config, formats.Diffusion, pool);
    }

    /// <inheritdoc cref="InferenceModel(DitarModel, EngineFormats, WorkerPool?)"/>
    public InferenceModel(VoxCpmModel definition, EngineFormats formats, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(formats);
        (Shape, Formats) = (definition.Shape, formats);
        Encoder = new PackedEncoder(definition.Encoder, formats.Encoder, pool);
        LanguageModel = new PackedLanguagePair(definition.LanguageModel, definition.Config, formats, pool);
        Diffusion = new PackedDiffusion(definition.Diffusion, definition.Config, formats.Diffusion, pool);
    }

    /// <summary>What the generation loop must know.</summary>
    public PatchShape Shape { get; }

    public EngineFormats Formats { get; }

    /// <summary>Native memory that the weights take.</summary>
    public long Bytes => Encoder.Bytes + LanguageModel.Bytes + Diffusion.Bytes;

    internal PackedEncoder Encoder { get; }

    internal IPackedLanguageModel LanguageModel { get; }

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
