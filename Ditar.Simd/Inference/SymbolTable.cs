// The embeddings of text symbols. A table has as many rows as the vocabulary and an utterance reads a few dozen, so it is kept as it is stored (bfloat16 or
// float32) and rows become float32 when they are read: rounding it further would save memory, not time.

using Ditar.Reference;

namespace Ditar.Simd;

internal sealed unsafe class SymbolTable : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly bool _halves;
    private readonly float _scale;

    /// <param name="definition">[symbols, width].</param>
    /// <param name="scale">On every row that is read.</param>
    public SymbolTable(Tensor definition, double scale = 1)
    {
        (Symbols, Width, _scale) = (definition[0], definition[1], (float)scale);
        var stored = definition.Stored;
        _halves = stored is { IsBFloat16: true };
        _memory = new NativeBuffer(checked((nuint)definition.Count * (_halves ? sizeof(ushort) : (nuint)sizeof(float))));
        if (_halves)
            stored!.ReadBFloat16(new Span<ushort>(_memory.Pointer, definition.Count));
        else if (stored is not null)
            stored.Read(new Span<float>(_memory.Pointer, definition.Count));
        else
            definition.To(ElementType.Float32).Values<float>().CopyTo(new Span<float>(_memory.Pointer, definition.Count));
    }

    public int Symbols { get; }

    public int Width { get; }

    public long Bytes => (long)_memory.Bytes;

    /// <returns>[symbols, width].</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such symbol.</exception>
    public Tensor Gather(ReadOnlySpan<int> symbols)
    {
        foreach (var symbol in symbols)
        {
            if (symbol < 0 || symbol >= Symbols)
                throw new ArgumentOutOfRangeException(nameof(symbols), symbol, $"Symbols are 0 to {Symbols - 1}.");
        }

        var rows = Tensor.Zeros(ElementType.Float32, symbols.Length, Width);
        var to = rows.Values<float>();
        for (var i = 0; i < symbols.Length; i++)
        {
            var row = to.Slice(i * Width, Width);
            var first = (nint)symbols[i] * Width;
            if (_halves)
            {
                var from = new ReadOnlySpan<ushort>((ushort*)_memory.Pointer + first, Width);
                for (var j = 0; j < row.Length; j++)
                    row[j] = _scale * BFloat16Bits.ToSingle(from[j]);
            }
            else
            {
                var from = new ReadOnlySpan<float>(_memory.Floats + first, Width);
                for (var j = 0; j < row.Length; j++)
                    row[j] = _scale * from[j];
            }
        }

        return rows;
    }

    public void Dispose() => _memory.Dispose();
}
