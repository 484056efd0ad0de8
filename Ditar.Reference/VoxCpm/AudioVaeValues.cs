// The numbers of one audiovae tensor as our layers ask for them, made while they are read: magnitude and direction merged, w = g v / |v|, kernels
// channel-last ([outputs, kernel, inputs]), transposed convolutions as the convolutions of a few taps that they are (UpsampleConvolution says how), their
// biases repeated for each step. Factors and products are float64, rounded once.

using System.Numerics;
using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

/// <param name="file">Kept open by whoever keeps this.</param>
/// <param name="shape">As the layer wants it.</param>
internal sealed class AudioVaeValues(WeightFile file, OfficialTensor tensor, int[] shape) : StoredValues
{
    // Inputs whose values are read side by side: a cache line of float32 is written at once.
    private const int Block = 16;

    private delegate void Reader<T>(string name, Span<T> values);

    public override void Read(Span<float> values) => Fill(values, file.ReadFloat32);

    public override void Read(Span<double> values) => Fill(values, file.ReadFloat64);

    private void Fill<T>(Span<T> values, Reader<T> read) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (magnitude, direction) = tensor.In(file)!.Value;
        var v = new T[file[direction].Count];
        read(direction, v);
        if (tensor.Kind == OfficialTensorKind.Plain)
        {
            for (var at = 0; at < values.Length; at += v.Length) v.CopyTo(values[at..]);           // a bias for each step of an up-sampling
            return;
        }

        var (first, second, kernel) = ((int)tensor.Shape[0], (int)tensor.Shape[1], (int)tensor.Shape[2]);
        var factors = Factors<T>(magnitude, direction, v, first);
        if (tensor.Kind == OfficialTensorKind.Normed) ChannelLast(v, factors, first, second, kernel, values);
        else Taps(v, factors, first, second, kernel, shape[1], values);
    }

    // g / |v| for each row of the first axis.
    private double[] Factors<T>(string? magnitude, string direction, ReadOnlySpan<T> v, int rows) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factors = new double[rows];
        Array.Fill(factors, 1);
        if (magnitude is null) return factors;
        file.ReadFloat64(magnitude, factors);
        var row = v.Length / rows;
        for (var i = 0; i < rows; i++)
        {
            var square = 0.0;
            foreach (var x in v.Slice(i * row, row)) square += double.CreateTruncating(x) * double.CreateTruncating(x);
            if (square == 0) throw new CheckpointException(file.Path, direction, "directions that are not zero", $"row {i} all zero");
            factors[i] /= Math.Sqrt(square);
        }

        return factors;
    }

    // [outputs, inputs, kernel] to [outputs, kernel, inputs].
    private static void ChannelLast<T>(ReadOnlySpan<T> v, double[] factors, int outputs, int inputs, int kernel, Span<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var o = 0; o < outputs; o++)
            for (var c = 0; c < inputs; c++)
                for (var k = 0; k < kernel; k++) w[(((o * kernel) + k) * inputs) + c] = Scaled(v[(((o * inputs) + c) * kernel) + k], factors[o]);
    }

    // [inputs, outputs, taps * factor] to [factor * outputs, taps, inputs]: tap i of step j is the kernel's number (taps - 1 - i) factor + j.
    private static void Taps<T>(ReadOnlySpan<T> v, double[] factors, int inputs, int outputs, int kernel, int taps, Span<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factor = kernel / taps;
        for (var block = 0; block < inputs; block += Block)
            for (var o = 0; o < outputs; o++)
                for (var k = 0; k < kernel; k++)
                {
                    var (tap, step) = (taps - 1 - (k / factor), k % factor);
                    var to = w.Slice(((((step * outputs) + o) * taps) + tap) * inputs, inputs);
                    for (var c = block; c < Math.Min(block + Block, inputs); c++) to[c] = Scaled(v[(((c * outputs) + o) * kernel) + k], factors[c]);
                }
    }

    private static T Scaled<T>(T value, double factor) where T : unmanaged, IBinaryFloatingPointIeee754<T> => T.CreateTruncating(double.CreateTruncating(value) * factor);
}
