// A causal transformer at work: rows are appended to a sequence and come back after the last norm. Keys and values lie in native memory that grows on demand.

namespace Ditar.Simd;

internal sealed unsafe class CausalSession(PackedTransformer model, WorkerPool? pool) : IDisposable
{
    /// <summary>Rows of a block of a prompt: weights are read once for all of them. Four tiles of 12 rows.</summary>
    public const int BlockRows = 48;

    private readonly KeyValuePool _caches = new(model.Layers.Length, model.KeyHeads, model.Config.HeadDim);
    private readonly GrowingBuffer _inverse = new();

    /// <summary>Its work memory prepares rows for the products around it too.</summary>
    public TransformerSession Transformer { get; } = new(model, pool);

    public long Bytes => Transformer.Bytes + _caches.Bytes + _inverse.Bytes;

    /// <summary>An empty sequence.</summary>
    public KeyValueMemory Start() => new(_caches);

    /// <param name="x">[time, width], overwritten by the outputs.</param>
    public void Run(float* x, int time, KeyValueMemory cache)
    {
        Transformer.RunOn(x, time, cache);
        Vectors.Run(new RmsNormWork(time, model.Config.Width, model.Epsilon, x, model.Gain, x, _inverse.Floats(time)));
    }

    public void Dispose()
    {
        Transformer.Dispose();
        _caches.Dispose();
        _inverse.Dispose();
    }
}
