// What a causal transformer remembers of one sequence, in segments of 64 positions that are added on demand: nothing is ever copied, so a position
// costs the same whether it is the tenth or the three-thousandth. Segments come from a pool, because the next utterance needs as many.
// Layout of a segment: for each layer and key head 64 keys, then 64 values. Keys lie in panels of two vectors of positions, [headDim, positions], as
// the product with a query reads them; values are rows [64, ValueStride].

namespace Ditar.Simd;

internal sealed unsafe class KeyValueMemory(KeyValuePool pool) : IDisposable
{
    private readonly List<NativeBuffer> _segments = [];

    public int Length { get; private set; }

    public KeyValuePool Pool { get; } = pool;

    public long Bytes => _segments.Sum(segment => (long)segment.Bytes);

    /// <summary>Makes room for this many more positions.</summary>
    public void Reserve(int positions)
    {
        while ((long)_segments.Count * KeyValuePool.Positions < (long)Length + positions)
            _segments.Add(Pool.Rent());
    }

    /// <summary>Positions that all layers have written.</summary>
    public void Advance(int positions) => Length += positions;

    /// <summary>Panels of keys of one segment.</summary>
    public float* Keys(int segment, int layer, int keyHead) => _segments[segment].Floats + Pool.Offset(layer, keyHead);

    /// <summary>[64, ValueStride].</summary>
    public float* Values(int segment, int layer, int keyHead) => Keys(segment, layer, keyHead) + Pool.KeyLength;

    /// <summary>A copy that goes its own way, in segments of the same pool.</summary>
    public KeyValueMemory Fork()
    {
        var fork = new KeyValueMemory(Pool);
        fork.Reserve(Length);
        for (var i = 0; i < fork._segments.Count; i++)
            Buffer.MemoryCopy(_segments[i].Pointer, fork._segments[i].Pointer, fork._segments[i].Bytes, _segments[i].Bytes);
        fork.Length = Length;
        return fork;
    }

    public void Dispose()
    {
        foreach (var segment in _segments)
            Pool.Return(segment);
        _segments.Clear();
        Length = 0;
    }
}

/// <summary>Segments that are free, for one session.</summary>
internal sealed unsafe class KeyValuePool(int layers, int keyHeads, int headDim) : IDisposable
{
    /// <summary>Positions of a segment: whole panels at every width (32, 16 or 8 positions).</summary>
    public const int Positions = 64;

    private readonly Stack<NativeBuffer> _free = [];
    private bool _disposed;

    /// <summary>Elements between rows of values: whole vectors of the widest kind, so that the last one of a row may be loaded whole.</summary>
    public int ValueStride { get; } = (headDim + 15) / 16 * 16;

    /// <summary>Elements of the keys of one head.</summary>
    public nint KeyLength { get; } = (nint)Positions * headDim;

    /// <summary>Bytes of all segments, free or in use.</summary>
    public long Bytes { get; private set; }

    private nint HeadLength => KeyLength + ((nint)Positions * ValueStride);

    public nint Offset(int layer, int keyHead) => (((nint)layer * keyHeads) + keyHead) * HeadLength;

    public NativeBuffer Rent()
    {
        if (_free.TryPop(out var segment))
            return segment;
        segment = new NativeBuffer(checked((nuint)layers * (nuint)keyHeads * (nuint)HeadLength * sizeof(float)));
        Bytes += (long)segment.Bytes;
        return segment;
    }

    public void Return(NativeBuffer segment)
    {
        if (!_disposed)
        {
            _free.Push(segment);
            return;
        }

        Bytes -= (long)segment.Bytes;
        segment.Dispose();
    }

    public void Dispose()
    {
        _disposed = true;
        while (_free.TryPop(out var segment))
            Return(segment);
    }
}
