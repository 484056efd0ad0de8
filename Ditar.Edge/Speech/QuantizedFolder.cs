// A checkpoint with its large matrices rounded ahead: the formats of the engine, in the file's own terms (QuantisedMatrix). Vectors, and what touches latents
// or times, keep their type; the other files are copied.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class QuantizedFolder
{
    /// <exception cref="MalformedFileException">The checkpoint does not load, or is rounded already.</exception>
    /// <exception cref="IOException">The folder holds a checkpoint already, or cannot be written.</exception>
    public static void Write(string from, string folder, EngineFormats formats)
    {
        if (File.Exists(Path.Combine(folder, DitarCheckpoint.ConfigFile))) throw new IOException($"{folder} holds a checkpoint already");
        // Everything is checked before anything is written.
        var checkpoint = DitarCheckpoint.Load(from);
        Directory.CreateDirectory(folder);
        using var source = SafetensorsFile.Open(Path.Combine(from, DitarCheckpoint.ModelFile));
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in checkpoint.Model.Parameters)
        {
            var stored = source[name].Type;
            if (stored is SafetensorsType.I8 or SafetensorsType.U8)
                throw new CheckpointException(source.Path, name, "weights that are not rounded yet", $"{stored.HeaderName()}: round the original once more instead");
            Add(writer, name, tensor, formats.Of(name), stored is SafetensorsType.F16 or SafetensorsType.BF16 ? stored : SafetensorsType.F32);
        }

        writer.Save(Path.Combine(folder, DitarCheckpoint.ModelFile));
        foreach (var file in new[] { DitarCheckpoint.VaeFile, DitarCheckpoint.VoicesFile, DitarCheckpoint.TokenizerFile, DitarCheckpoint.ConfigFile })
            if (File.Exists(Path.Combine(from, file))) File.Copy(Path.Combine(from, file), Path.Combine(folder, file), overwrite: true);
    }

    private static void Add(SafetensorsWriter writer, string name, Tensor tensor, WeightFormat? format, SafetensorsType stored)
    {
        var values = tensor.ToSingles();
        long[] shape = [.. tensor.Shape.ToArray().Select(extent => (long)extent)];
        switch (format)
        {
            case WeightFormat.Int8:
                AddInt8(writer, name, (int)shape[0], (int)shape[1], values);
                break;
            case WeightFormat.Int4:
                AddInt4(writer, name, (int)shape[0], (int)shape[1], values);
                break;
            case WeightFormat.BFloat16:
                writer.Add(name, shape, values, SafetensorsType.BF16);
                break;
            default:
                writer.Add(name, shape, values, stored);
                break;
        }
    }

    private static void AddInt8(SafetensorsWriter writer, string name, int outputs, int inputs, float[] values)
    {
        var (integers, scales) = (new sbyte[values.Length], new float[outputs]);
        for (var row = 0; row < outputs; row++) scales[row] = WeightQuantizer.ToInt8(values.AsSpan(row * inputs, inputs), integers.AsSpan(row * inputs, inputs));
        writer.Add(name, [outputs, inputs], integers);
        writer.Add(QuantisedMatrix.ScaleName(name), [outputs], scales);
    }

    private static void AddInt4(SafetensorsWriter writer, string name, int outputs, int inputs, float[] values)
    {
        var (bytes, groups) = ((inputs + 1) / 2, (inputs + QuantisedMatrix.Group - 1) / QuantisedMatrix.Group);
        var (pairs, scales, integers) = (new byte[outputs * bytes], new float[outputs * groups], new sbyte[inputs]);
        for (var row = 0; row < outputs; row++)
        {
            WeightQuantizer.ToInt4(values.AsSpan(row * inputs, inputs), QuantisedMatrix.Group, integers, scales.AsSpan(row * groups, groups));
            for (var i = 0; i < inputs; i += 2)
                pairs[(row * bytes) + (i / 2)] = QuantisedMatrix.Pair(integers[i], i + 1 < inputs ? integers[i + 1] : (sbyte)0);
        }

        writer.Add(name, [outputs, bytes], pairs);
        writer.Add(QuantisedMatrix.ScaleName(name), [outputs, groups], scales);
    }
}
