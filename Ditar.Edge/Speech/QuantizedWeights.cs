// The file of rounded weights, written while the original is read: a block of rows at a time is in memory, so a model may be larger than that. Scales stand
// before all integers in the file (they must be aligned), so a matrix is rounded once for its scales and once for its integers: that costs less than
// keeping either, which for 4 bits would be an eighth of the model.

using System.Runtime.InteropServices;
using Ditar.Reference.Files;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed class QuantizedWeights(WeightFile source, IProgress<double>? progress, CancellationToken cancellation)
{
    // Weights of a block: 4 MB as float32, enough rows for any number of cores.
    private const int Block = 1 << 20;

    private readonly SafetensorsWriter writer = new();
    private long work, done;

    /// <param name="format">null for what keeps its type; float64 becomes float32.</param>
    public void Add(string name, WeightFormat? format)
    {
        var entry = source[name];
        switch (format)
        {
            case WeightFormat.Int8 or WeightFormat.Int4:
                var matrix = new Matrix(name, checked((int)entry.Shape[0]), checked((int)entry.Shape[1]), format == WeightFormat.Int4);
                writer.Add(QuantisedMatrix.ScaleName(name), matrix.Four ? [matrix.Outputs, matrix.Scales] : [matrix.Outputs], SafetensorsType.F32, stream => Round(matrix, stream, integers: false));
                writer.Add(name, [matrix.Outputs, matrix.RowBytes], matrix.Four ? SafetensorsType.U8 : SafetensorsType.I8, stream => Round(matrix, stream, integers: true));
                work += 2 * entry.Count;
                break;
            case WeightFormat.BFloat16 when entry.Type != SafetensorsType.BF16:
                writer.Add(name, [.. entry.Shape], SafetensorsType.BF16, stream => Convert(entry, stream, halves: true));
                work += entry.Count;
                break;
            case null or WeightFormat.BFloat16 when entry.Type is SafetensorsType.BF16 or SafetensorsType.F16:
                writer.Add(name, [.. entry.Shape], entry.Type, stream => Copy(entry, stream));
                work += entry.Count;
                break;
            default:
                writer.Add(name, [.. entry.Shape], SafetensorsType.F32, stream => Convert(entry, stream, halves: false));
                work += entry.Count;
                break;
        }
    }

    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => writer.Save(path);

    private void Round(Matrix matrix, Stream stream, bool integers)
    {
        var (outputs, inputs) = (matrix.Outputs, matrix.Inputs);
        var rows = Math.Clamp(Block / Math.Max(1, inputs), 1, Math.Max(1, outputs));
        var (values, rounded) = (new float[rows * inputs], new sbyte[rows * inputs]);
        var (bytes, scales) = (new byte[rows * matrix.RowBytes], new float[rows * matrix.Scales]);
        for (var first = 0; first < outputs; first += rows)
        {
            var count = Math.Min(rows, outputs - first);
            source.ReadFloat32(matrix.Name, (long)first * inputs, values.AsSpan(0, count * inputs));
            Parallel.For(0, count, row => matrix.Round(values.AsSpan(row * inputs, inputs), rounded.AsSpan(row * inputs, inputs), RowOf(bytes, row, matrix.RowBytes), RowOf(scales, row, matrix.Scales)));
            stream.Write(integers ? bytes.AsSpan(0, count * matrix.RowBytes) : MemoryMarshal.AsBytes(scales.AsSpan(0, count * matrix.Scales)));
            Report((long)count * inputs);
        }
    }

    private void Convert(WeightEntry entry, Stream stream, bool halves)
    {
        var values = new float[Math.Min(entry.Count, Block)];
        var rounded = new ushort[halves ? values.Length : 0];
        for (long at = 0; at < entry.Count; at += values.Length)
        {
            var part = values.AsSpan(0, (int)Math.Min(values.Length, entry.Count - at));
            source.ReadFloat32(entry.Name, at, part);
            for (var i = 0; i < rounded.Length && i < part.Length; i++) rounded[i] = BFloat16.FromSingle(part[i]);
            stream.Write(halves ? MemoryMarshal.AsBytes(rounded.AsSpan(0, part.Length)) : MemoryMarshal.AsBytes(part));
            Report(part.Length);
        }
    }

    private void Copy(WeightEntry entry, Stream stream)
    {
        var size = entry.Type.ByteSize();
        var bytes = new byte[Math.Min(entry.ByteLength, Block * size)];
        for (long at = 0; at < entry.ByteLength; at += bytes.Length)
        {
            var part = bytes.AsSpan(0, (int)Math.Min(bytes.Length, entry.ByteLength - at));
            source.ReadBytes(entry.Name, at, part);
            stream.Write(part);
            Report(part.Length / size);
        }
    }

    private void Report(long weights)
    {
        cancellation.ThrowIfCancellationRequested();
        done += weights;
        progress?.Report((double)done / work);
    }

    private static Span<T> RowOf<T>(T[] values, int row, int length) => values.AsSpan(row * length, length);

    private sealed record Matrix(string Name, int Outputs, int Inputs, bool Four)
    {
        public int RowBytes => Four ? QuantisedMatrix.PairBytes(Inputs) : Inputs;

        /// <summary>Of a row.</summary>
        public int Scales => Four ? QuantisedMatrix.Groups(Inputs) : 1;

        public void Round(ReadOnlySpan<float> row, Span<sbyte> integers, Span<byte> bytes, Span<float> scales)
        {
            if (!Four)
            {
                scales[0] = WeightQuantizer.ToInt8(row, integers);
                MemoryMarshal.AsBytes(integers).CopyTo(bytes);
                return;
            }

            WeightQuantizer.ToInt4(row, QuantisedMatrix.Group, integers, scales);
            for (var i = 0; i < row.Length; i += 2) bytes[i / 2] = QuantisedMatrix.Pair(integers[i], i + 1 < row.Length ? integers[i + 1] : (sbyte)0);
        }
    }
}
