// The golden data of the tiny VoxCPM model (tests/Goldens/voxcpm-v1-tiny, its golden.md says how it was made): weights in, recorded tensors out.

using System.Text.Json;
using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Tests.Reference.Golden;

/// <summary>One safetensors file of the folder.</summary>
internal sealed class GoldenFile(string name) : IDisposable
{
    private readonly SafetensorsFile file = SafetensorsFile.Open(Path.Combine(GoldenFolder.Root, name + ".safetensors"));

    public bool Contains(string tensor) => file.Contains(tensor);

    public Tensor Read(string tensor, ElementType type)
    {
        var entry = file[tensor];
        var values = new double[entry.Count];
        file.ReadFloat64(tensor, values);
        return Tensor.From(type, values, [.. entry.Shape.ToArray().Select(extent => (int)extent)]);
    }

    public int[] Integers(string tensor)
    {
        var values = new long[file[tensor].Count];
        file.ReadInt64(tensor, values);
        return [.. values.Select(value => (int)value)];
    }

    public void Dispose() => file.Dispose();
}

internal static class GoldenFolder
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v1-tiny");

    public static JsonElement Config { get; } = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "config.json"))).RootElement;

    /// <summary>LongRoPE: the long factors, because the configured maximum exceeds the original one, and their scale on cosines and sines.</summary>
    public static RotaryPositions Positions(ElementType type)
    {
        var language = Config.GetProperty("lm_config");
        var scaling = language.GetProperty("rope_scaling");
        var maximum = language.GetProperty("max_position_embeddings").GetInt32();
        var original = scaling.GetProperty("original_max_position_embeddings").GetInt32();
        Assert.True(maximum > original);
        double[] factors = [.. scaling.GetProperty("long_factor").EnumerateArray().Select(factor => factor.GetDouble())];
        double[] frequencies = [.. factors.Select((factor, i) => Math.Pow(language.GetProperty("rope_theta").GetDouble(), -(double)i / factors.Length) / factor)];
        return new RotaryPositions(maximum, frequencies, type, Math.Sqrt(1 + (Math.Log((double)maximum / original) / Math.Log(original))));
    }

    /// <summary>Asserts, by the parity lab's comparison, that every element lies within the tolerance of the recorded one.</summary>
    /// <param name="golden">Recorded, any leading axes of extent 1 dropped.</param>
    public static void AssertNear(string name, Tensor golden, Tensor found, double tolerance)
    {
        Assert.True(golden.Count == found.Count, $"{name}: recorded {golden}, found {found}");
        var difference = Difference.Between(RecordedTensor.Of(name, golden), RecordedTensor.Of(name, found.Reshape(golden.Shape)));
        Assert.True(difference.Fault is null, $"{name}: {difference.Fault}");
        Assert.True(
            difference.MaxAbs <= tolerance,
            $"{name}, at {Difference.Place(golden.Shape, difference.WorstIndex)}: apart {difference.MaxAbs:e2} (relative l2 {difference.RelativeL2:e2}), allowed {tolerance:e2}");
    }
}
