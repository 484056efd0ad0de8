// Rows of a query or key projection in our order of rotary pairs, put there while they are read: where the official order has the two dims of a pair half a
// head apart, ours has them side by side.

using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

/// <param name="official">[heads * headDim, inputs], in the official order of rows.</param>
internal sealed class InterleavedValues(StoredValues official, int inputs, int headDim) : StoredValues
{
    public override bool IsBFloat16 => official.IsBFloat16;

    public override StoredIntegers Integers => official.Integers;

    public override void Read(Span<float> values)
    {
        official.Read(values);
        Interleave(values, inputs, headDim);
    }

    public override void Read(Span<double> values)
    {
        official.Read(values);
        Interleave(values, inputs, headDim);
    }

    public override void ReadBFloat16(Span<ushort> values)
    {
        official.ReadBFloat16(values);
        Interleave(values, inputs, headDim);
    }

    public override void ReadIntegers(Span<byte> integers, Span<float> scales)
    {
        official.ReadIntegers(integers, scales);

        // Rows move as wholes, and each has its own scales.
        var four = Integers == StoredIntegers.FourBits;
        Interleave(integers, four ? QuantisedMatrix.PairBytes(inputs) : inputs, headDim);
        Interleave(scales, four ? QuantisedMatrix.Groups(inputs) : 1, headDim);
    }

    /// <summary>Puts rows that are in the official order in ours.</summary>
    public static void Interleave<T>(Span<T> weight, int inputs, int headDim)
    {
        T[] official = [.. weight[..(headDim * inputs)]];
        for (var head = 0; head < weight.Length; head += headDim * inputs)
        {
            var rows = weight.Slice(head, headDim * inputs);
            rows.CopyTo(official);
            for (var row = 0; row < headDim; row++)
                official.AsSpan(VoxCpmLayout.OfficialRow(row, headDim) * inputs, inputs).CopyTo(rows[(row * inputs)..]);
        }
    }
}
