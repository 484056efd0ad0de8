// Everything that changes while a model speaks: work memory, caches, kept time embeddings. The three modules behind the generation loop's interfaces.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

/// <summary>One speaker over a shared model; for one thread at a time. After the first patches it allocates nothing.</summary>
public sealed class InferenceSession : IDisposable
{
    private readonly EncoderSession _encoder;
    private readonly ILanguageSession _language;
    private readonly DiffusionSession _diffusion;

    internal InferenceSession(InferenceModel model, WorkerPool? pool)
    {
        Model = model;
        _encoder = new EncoderSession(model.Encoder, pool);
        _language = model.LanguageModel.Start(pool);
        _diffusion = new DiffusionSession(model.Diffusion, pool);
    }

    public InferenceModel Model { get; }

    public IPatchEncoder Encoder => _encoder;

    public ILanguageModel Language => _language;

    public IVelocityField Field => _diffusion;

    /// <summary>The field for a sampler of this grid: a mean-mode model is told how far each step goes; for others it is <see cref="Field"/>.</summary>
    public IVelocityField FieldOn(TimeGrid grid) => _diffusion.On(grid);

    /// <summary>Native memory that the session holds: work areas, and the caches of its longest utterance.</summary>
    public long Bytes => _encoder.Bytes + _language.Bytes + _diffusion.Bytes;

    /// <summary>Frees the memory. States that are still open free theirs when they are disposed.</summary>
    public void Dispose()
    {
        _encoder.Dispose();
        _language.Dispose();
        _diffusion.Dispose();
    }

    internal static void RequireSingles(Tensor x, string name)
    {
        if (x.Type != ElementType.Float32)
            throw new ArgumentException($"The engine computes in Float32, found {x}.", name);
    }

    internal static void RequireRoom(int time, int length, int positions, string name)
    {
        if (time > positions - length)
            throw new ArgumentOutOfRangeException(name, $"The model has {positions} positions; {length} are taken and {time} are asked for.");
    }
}
