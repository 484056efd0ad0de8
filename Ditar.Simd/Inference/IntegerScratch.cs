// The integers of a few layers that a file stores rounded already, one behind the other with their scales, just long enough to be packed: the counterpart of
// WeightScratch for weights that need no rounding any more. Rounding the numbers that they stand for once more would give the same integers, but not always
// the same scales: 127 scales divided by 127 may be the scale's neighbour.

using System.Runtime.InteropServices;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Simd;

internal readonly unsafe ref struct IntegerScratch
{
    private readonly NativeBuffer _integers, _scales;
    private readonly int _rowBytes, _rowScales, _outputs;

    private IntegerScratch(ReadOnlySpan<Linear> layers, bool four)
    {
        var inputs = layers[0].Weight[1];
        (_rowBytes, _rowScales) = four ? (QuantisedMatrix.PairBytes(inputs), QuantisedMatrix.Groups(inputs)) : (inputs, 1);
        foreach (var layer in layers) _outputs = checked(_outputs + layer.Weight[0]);
        _integers = new NativeBuffer(checked((nuint)_outputs * (nuint)_rowBytes));
        _scales = new NativeBuffer(checked((nuint)_outputs * (nuint)_rowScales * sizeof(float)));
        var first = 0;
        foreach (var layer in layers)
        {
            var rows = layer.Weight[0];
            layer.Weight.Stored!.ReadIntegers(Pairs(first, rows), Scales(first, rows));
            first += rows;
        }
    }

    /// <summary>Reads the layers' integers, if a file stores all of them in the format.</summary>
    /// <param name="layers">Of the same number of inputs.</param>
    public static bool TryRead(ReadOnlySpan<Linear> layers, WeightFormat format, out IntegerScratch scratch)
    {
        scratch = default;
        var wanted = format switch
        {
            WeightFormat.Int8 => StoredIntegers.EightBits,
            WeightFormat.Int4 => StoredIntegers.FourBits,
            _ => StoredIntegers.None,
        };
        if (wanted == StoredIntegers.None) return false;
        foreach (var layer in layers)
            if (layer.Weight.Stored?.Integers != wanted) return false;
        scratch = new IntegerScratch(layers, wanted == StoredIntegers.FourBits);
        return true;
    }

    /// <summary>8 bits each.</summary>
    public ReadOnlySpan<sbyte> Bytes(int first, int rows) => MemoryMarshal.Cast<byte, sbyte>(Pairs(first, rows));

    /// <summary>4 bits each, or all bytes as they are stored.</summary>
    public Span<byte> Pairs(int first, int rows) => new((byte*)_integers.Pointer + ((nint)first * _rowBytes), checked(rows * _rowBytes));

    public Span<float> Scales(int first, int rows) => new(_scales.Floats + ((nint)first * _rowScales), checked(rows * _rowScales));

    public void Dispose()
    {
        _integers?.Dispose();
        _scales?.Dispose();
    }
}
