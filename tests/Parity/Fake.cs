// Recordings made by hand, for tests of what is done with them.

using Ditar.Parity;

namespace Ditar.Tests.Parity;

internal static class Fake
{
    public const string First = "seeded/velocity.t0.5/diffusion.transformer.layers.0";
    public const string Second = "seeded/velocity.t0.5/diffusion.transformer.layers.1";
    public const string Output = "seeded/velocity.t0.5/velocity";

    public static RecordedTensor Float64(string name, int count = 64, double scale = 1) =>
        new(name, [count / 8, 8], Enumerable.Range(0, count).Select(i => scale * Math.Sin(i + 1.0)).ToArray());

    public static RecordedTensor Float32(RecordedTensor tensor) => tensor with { Values = Array.ConvertAll(tensor.ToDoubles(), value => (float)value) };

    public static Recording Truth() => new(
        new EngineIdentity("oracle float64", EngineKind.Oracle, "plain", "1", Layers: true), MachineIdentity.Here, new ModelIdentity("fake", "{}", "abc"), 7,
        new DateTime(2025, 1, 2, 3, 4, 5, DateTimeKind.Utc), [Float32(Float64("seeded/velocity.t0.5/noisy"))], [Float64(First), Float64(Second, scale: 3), Float64(Output, 32)]);

    /// <summary>The truth rounded to float32, each value changed by <paramref name="change"/>(name, index, value).</summary>
    public static Recording Run(EngineKind kind, Func<string, int, float, float>? change = null, string? name = null)
    {
        var truth = Truth();
        return truth with
        {
            Engine = new EngineIdentity(name ?? (kind == EngineKind.Ours ? Comparison.SimdFloat32 : $"onnx {kind}"), kind, "fake", "1", Layers: true),
            Outputs = [.. truth.Outputs.Select(tensor =>
            {
                var values = (float[])Float32(tensor).Values;
                for (var i = 0; i < values.Length; i++) values[i] = change?.Invoke(tensor.Name, i, values[i]) ?? values[i];
                return tensor with { Values = values };
            })],
        };
    }
}
