// A transformer at work: the layers' products with everything that can be fused into them, over memory that the session owns. Per layer four products
// and one attention, each one parallel region:
//     qkv = norm(x) Wqkv^T;  heads = attention(qkv);  x += c heads Wo^T;  hidden = act(norm(x) Wup^T);  x += c hidden Wdown^T
// The last norm is left to the caller, who fuses it with what follows. One thread at a time; a session allocates only while it grows.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal sealed unsafe class TransformerSession(PackedTransformer model, WorkerPool? pool) : IDisposable
{
    // Rows of the query-key-value product end so far before the memory does that whole vectors may be loaded from the last one.
    private const int Slack = 16;

    // Below this many multiply-adds attention takes about as long as waking a thread.
    private const long LeastWorkPerThread = 1 << 17;

    private readonly GrowingBuffer _prepared = new(), _queryKeyValue = new(), _heads = new(), _hidden = new(), _attention = new();

    public PackedTransformer Model { get; } = model;

    /// <summary>Bytes of work memory.</summary>
    public long Bytes => _prepared.Bytes + _queryKeyValue.Bytes + _heads.Bytes + _hidden.Bytes + _attention.Bytes;

    private int Width => Model.Config.Width;

    /// <summary>Runs whole sequences through all layers.</summary>
    /// <param name="x">[sequences, time, width], overwritten: [sequences, count, width] of the rows asked for, before the last norm.</param>
    /// <param name="sequences">Count and rows of each.</param>
    /// <param name="from">The first row of each sequence that is asked for.</param>
    /// <param name="count">How many rows of each are.</param>
    public void RunWhole(float* x, Sequences sequences, int from, int count)
    {
        for (var layer = 0; layer < Model.Layers.Length; layer++)
        {
            var weights = Model.Layers[layer];
            var (first, kept) = layer == Model.Layers.Length - 1 ? (from, count) : (0, sequences.Time);
            var queryKeyValue = QueryKeyValue(weights, x, sequences.Count * sequences.Time);
            var heads = _heads.Floats((long)sequences.Count * kept * Model.Config.Heads * Model.Config.HeadDim);
            var items = sequences.Count * Model.KeyHeads;
            var parts = Parts(items, (long)sequences.Count * kept * sequences.Time);
            var scratch = _attention.Floats(parts * (long)WholeAttentionWork.ScratchLength(Model, sequences.Time));
            Run(parts, new WholeAttentionWork(Model, sequences, first, kept, queryKeyValue, heads, scratch, parts));
            if (kept < sequences.Time)
                Keep(x, sequences, first, kept);
            Finish(weights, x, heads, sequences.Count * kept);
        }
    }

    /// <inheritdoc cref="RunWhole(float*, Sequences, int, int)"/>
    /// <exception cref="ArgumentException">The span is not of that size, or the rows asked for are not there.</exception>
    public void RunWhole(Span<float> x, Sequences sequences, int from, int count)
    {
        if (x.Length != (long)sequences.Rows * Width || from < 0 || count < 0 || from + count > sequences.Time)
            throw new ArgumentException($"Rows {from}, {count} of [{sequences.Count}, {sequences.Time}, {Width}] are asked for, the span has {x.Length} values.", nameof(x));
        fixed (float* rows = x)
            RunWhole(rows, sequences, from, count);
    }

    /// <summary>Appends rows to a sequence and runs them through all layers; its cache grows by them.</summary>
    /// <param name="x">[time, width], overwritten: the same rows before the last norm.</param>
    public void RunOn(float* x, int time, KeyValueMemory cache)
    {
        cache.Reserve(time);
        var length = cache.Length + time;
        for (var layer = 0; layer < Model.Layers.Length; layer++)
        {
            var weights = Model.Layers[layer];
            var queryKeyValue = QueryKeyValue(weights, x, time);
            var heads = _heads.Floats((long)time * Model.Config.Heads * Model.Config.HeadDim);
            var scratch = _attention.Floats(Model.KeyHeads * (long)CachedAttentionWork.ScratchLength(Model, time, length));
            var work = new CachedAttentionWork(Model, cache, layer, time, queryKeyValue, heads, scratch);
            if (Parts(Model.KeyHeads, (long)time * length) > 1)
            {
                pool!.Run(Model.KeyHeads, work);
            }
            else
            {
                for (var head = 0; head < Model.KeyHeads; head++)
                    work.Invoke(head);
            }

            Finish(weights, x, heads, time);
        }

        cache.Advance(time);
    }

    /// <inheritdoc cref="RunOn(float*, int, KeyValueMemory)"/>
    /// <exception cref="ArgumentException">The span is not of that size.</exception>
    public void RunOn(Span<float> x, int time, KeyValueMemory cache)
    {
        if (x.Length != (long)time * Width)
            throw new ArgumentException($"[{time}, {Width}] is expected, the span has {x.Length} values.", nameof(x));
        fixed (float* rows = x)
            RunOn(rows, time, cache);
    }

    /// <summary>Rows prepared for a product with weights of the given format; valid until the session runs or prepares again.</summary>
    public PreparedRows Prepare(int rows, int inputs, float* x, nint xRowStride, WeightFormat format) =>
        PreparedRows.Make(rows, inputs, x, xRowStride, format, _prepared.Memory(PreparedRows.BytesFor(rows, inputs, format)), pool);

    /// <summary>The same after the last norm.</summary>
    public PreparedRows PrepareLast(int rows, float* x, nint xRowStride, WeightFormat format) => Normalized(rows, x, xRowStride, Model.Gain, format);

    public void Dispose()
    {
        _prepared.Dispose();
        _queryKeyValue.Dispose();
        _heads.Dispose();
        _hidden.Dispose();
        _attention.Dispose();
    }

    private PreparedRows Normalized(int rows, float* x, nint xRowStride, float* gain, WeightFormat format) => PreparedRows.MakeNormalized(
        rows, Width, x, xRowStride, gain, Model.Epsilon, format, _prepared.Memory(PreparedRows.BytesFor(rows, Width, format)), pool);

    private float* QueryKeyValue(PackedLayer weights, float* x, int rows)
    {
        var queryKeyValue = _queryKeyValue.Floats(((long)rows * Model.QueryKeyValueWidth) + Slack);
        var prepared = Normalized(rows, x, Width, weights.AttentionGain, Model.Format);
        weights.QueryKeyValue.Multiply(in prepared, queryKeyValue, Model.QueryKeyValueWidth, pool);
        return queryKeyValue;
    }

    private void Finish(PackedLayer weights, float* x, float* heads, int rows)
    {
        var config = Model.Config;
        var (headsWidth, scale) = (config.Heads * config.HeadDim, (float)config.ResidualScale);
        var prepared = Prepare(rows, headsWidth, heads, headsWidth, Model.Format);
        weights.Output.AddTo(in prepared, scale, x, Width, pool);

        var hidden = _hidden.Floats((long)rows * config.FeedForward);
        prepared = Normalized(rows, x, Width, weights.FeedForwardGain, Model.Format);
        weights.Up.Multiply(in prepared, weights.Up.Weight.Gated ? Activation.None : Activation.Gelu, hidden, config.FeedForward, pool);
        prepared = Prepare(rows, config.FeedForward, hidden, config.FeedForward, Model.Format);
        weights.Down.AddTo(in prepared, scale, x, Width, pool);
    }

    // Rows that are still needed move to the front; they never overtake one that is yet to move.
    private void Keep(float* x, Sequences sequences, int first, int kept)
    {
        for (var sequence = 0; sequence < sequences.Count; sequence++)
        {
            var source = new Span<float>(x + (((nint)sequence * sequences.Time) + first) * Width, kept * Width);
            source.CopyTo(new Span<float>(x + ((nint)sequence * kept * Width), kept * Width));
        }
    }

    // Two products of headDim for each pair of a query and a key, in every head.
    private int Parts(int items, long pairs)
    {
        var work = 2 * pairs * Model.Config.Heads * Model.Config.HeadDim;
        return (int)Math.Clamp(Math.Min(work / LeastWorkPerThread, pool?.Size ?? 1), 1, items);
    }

    [MethodImpl(Jit.Inline)]
    private void Run<TWork>(int parts, TWork work)
        where TWork : struct, IParallelWork
    {
        if (parts > 1)
            pool!.Run(parts, work);
        else
            work.Invoke(0);
    }
}
