// Quantised matrices in a weight file: integers under the tensor's own name, float32 scales under "<name>.scale".
//     8 bits: I8 [outputs, inputs] and one scale per output [outputs];                          weight = integer * scale
//     4 bits: U8 [outputs, ceil(inputs / 2)], two's complement, the even input in the low half,
//             and one scale per output and group of 32 inputs [outputs, ceil(inputs / 32)];     weight = integer * its group's scale
// Reading gives the float32 weights that they stand for, so every backend can use such a file; the engine takes the integers as they are.

namespace Ditar.Reference.Files;

public static class QuantisedMatrix
{
    /// <summary>Inputs that share a scale at 4 bits.</summary>
    public const int Group = 32;

    /// <summary>Where the scales of a matrix are.</summary>
    public static string ScaleName(string name) => $"{name}.scale";

    /// <summary>Integers of a row of 4 bits each, two to a byte.</summary>
    public static int PairBytes(int inputs) => (inputs + 1) / 2;

    /// <summary>Scales of a row of 4-bit integers.</summary>
    public static int Groups(int inputs) => (inputs + Group - 1) / Group;

    /// <summary>Whether a tensor of the file is stored as integers.</summary>
    public static bool IsIn(WeightFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Contains(name) && file[name].Type is SafetensorsType.I8 or SafetensorsType.U8;
    }

    /// <summary>Refuses a quantised tensor that is not the layer's.</summary>
    /// <param name="shape">[outputs, inputs], as the layer wants it.</param>
    /// <exception cref="CheckpointException">The layer's tensor is no matrix, a tensor is missing or shaped otherwise, or a scale is not finite.</exception>
    public static void Check(WeightFile file, string name, ReadOnlySpan<int> shape) => _ = Open(file, name, shape);

    /// <summary>Reads the weights that the integers stand for.</summary>
    /// <param name="shape">[outputs, inputs], as the layer wants it.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <exception cref="CheckpointException">The layer's tensor is no matrix, a tensor is missing or shaped otherwise, or a scale is not finite.</exception>
    public static void Read(WeightFile file, string name, ReadOnlySpan<int> shape, Span<float> weight)
    {
        var (scales, groups, wide) = Open(file, name, shape);
        var (outputs, inputs) = (shape[0], shape[1]);
        var bytes = new byte[wide ? inputs : PairBytes(inputs)];
        for (var output = 0; output < outputs; output++)
        {
            file.ReadBytes(name, (long)output * bytes.Length, bytes);
            var row = weight.Slice(output * inputs, inputs);
            for (var i = 0; i < inputs; i++)
            {
                var integer = wide ? (sbyte)bytes[i] : Nibble(bytes[i / 2], i % 2);
                row[i] = integer * scales[(output * groups) + (wide ? 0 : i / Group)];
            }
        }
    }

    /// <summary>Reads the integers themselves.</summary>
    /// <param name="shape">[outputs, inputs], as the layer wants it.</param>
    /// <param name="integers">[outputs, bytes of a row], as they are stored.</param>
    /// <param name="scales">[outputs, scales of a row].</param>
    /// <exception cref="CheckpointException">The layer's tensor is no matrix, a tensor is missing or shaped otherwise, or a scale is not finite.</exception>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Read(WeightFile file, string name, ReadOnlySpan<int> shape, Span<byte> integers, Span<float> scales)
    {
        var (stored, _, _) = Open(file, name, shape);
        if (integers.Length != file[name].ByteLength || scales.Length != stored.Length)
            throw new ArgumentException($"Tensor {name} has {file[name].ByteLength} bytes and {stored.Length} scales, the destinations {integers.Length} and {scales.Length}.");
        file.ReadBytes(name, 0, integers);
        stored.CopyTo(scales);
    }

    /// <summary>Two integers of -8..7 in a byte.</summary>
    public static byte Pair(sbyte even, sbyte odd) => (byte)((even & 0xF) | (odd << 4));

    private static (float[] Scales, int Groups, bool Wide) Open(WeightFile file, string name, ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (shape.Length != 2)
            throw new CheckpointException(file.Path, name, "integers for matrices only", $"{file[name].Type.HeaderName()} where the layer has {ShapeText.Of(shape)}");
        var (outputs, inputs, wide) = (shape[0], shape[1], file[name].Type == SafetensorsType.I8);
        var groups = wide ? 1 : Groups(inputs);
        _ = wide ? file.Require(name, outputs, inputs) : file.Require(name, outputs, PairBytes(inputs));
        return (ReadScales(file, ScaleName(name), wide ? [outputs] : [outputs, groups], outputs * groups), groups, wide);
    }

    private static int Nibble(byte pair, int place) => (sbyte)(place == 0 ? pair << 4 : pair & 0xF0) >> 4;

    private static float[] ReadScales(WeightFile file, string name, ReadOnlySpan<long> shape, int count)
    {
        var entry = file.Require(name, shape);
        if (entry.Type != SafetensorsType.F32) throw new CheckpointException(file.Path, name, "scales of F32", entry.Type.HeaderName());
        file.CheckFinite(name);
        var scales = new float[count];
        file.ReadFloat32(name, scales);
        return scales;
    }
}
