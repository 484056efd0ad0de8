// The weights of a few layers, one behind the other, just long enough to be packed. What still lies in a file is read from there, as bfloat16 where it is stored
// so, and the definition's tensors stay empty: of a large checkpoint only one matrix at a time is in memory twice.

using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Simd;

internal readonly unsafe ref struct WeightScratch
{
    private readonly NativeBuffer? _memory;
    private readonly int _count;
    private readonly ReadOnlySpan<float> _held;

    public WeightScratch(params ReadOnlySpan<Linear> layers)
    {
        IsBFloat16 = true;
        foreach (var layer in layers)
        {
            IsBFloat16 &= layer.Weight.Stored is { IsBFloat16: true };
            _count = checked(_count + layer.Weight.Count);
        }

        // One tensor that is in memory already needs no copy.
        if (layers.Length == 1 && layers[0].Weight.Stored is null)
        {
            _held = layers[0].Weight.To(ElementType.Float32).Values<float>();
            return;
        }

        _memory = new NativeBuffer(checked((nuint)_count * (IsBFloat16 ? sizeof(ushort) : (nuint)sizeof(float))));
        var written = 0;
        foreach (var layer in layers)
        {
            var weight = layer.Weight;
            if (IsBFloat16) weight.Stored!.ReadBFloat16(new Span<ushort>((ushort*)_memory.Pointer + written, weight.Count));
            else if (weight.Stored is { } stored) stored.Read(new Span<float>(_memory.Floats + written, weight.Count));
            else weight.To(ElementType.Float32).Values<float>().CopyTo(new Span<float>(_memory.Floats + written, weight.Count));
            written += weight.Count;
        }
    }

    /// <summary>Whether the weights are in <see cref="Halves"/>, else in <see cref="Singles"/>.</summary>
    public bool IsBFloat16 { get; }

    public ReadOnlySpan<ushort> Halves => new(_memory!.Pointer, _count);

    public ReadOnlySpan<float> Singles => _memory is null ? _held : new(_memory.Pointer, _count);

    public void Dispose() => _memory?.Dispose();
}
