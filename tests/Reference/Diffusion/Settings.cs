// What the tests of this folder share: both paths, a request without condition or history, and noise that can be looked at.

using Ditar.Reference;
using Ditar.Reference.Diffusion;

namespace Ditar.Tests.Reference.Diffusion;

internal static class Settings
{
    public const int Latents = 4;
    public const int Channels = 8;

    public static PatchRequest Request { get; } =
        new(Tensor.Zeros(ElementType.Float64, 1, 3).Copy(), Tensor.Zeros(ElementType.Float64, 1, Latents, Channels).Copy(), Latents, Number: 5);

    public static GaussianPath Path(string name) => name == "straight" ? new StraightPath() : new TrigonometricPath();

    /// <summary>No guidance, uniform grid.</summary>
    public static PatchSampler Sampler(GaussianPath path, int steps, ISolverStep solver, double temperature = 1) =>
        new(path, TimeGrid.Uniform(steps), solver, new PlainGuidance(0), new NoiseTime(temperature));

    public static double[] Noise(ulong seed) => new SeededNoise(seed).Draw(Request.Number, ElementType.Float64, [1, Latents, Channels]).ToDoubles();

    public static double LargestDifference(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Assert.Equal(a.Length, b.Length);
        var largest = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            Assert.True(double.IsFinite(a[i]) && double.IsFinite(b[i]), $"element {i}: {a[i]} and {b[i]}");
            largest = Math.Max(largest, Math.Abs(a[i] - b[i]));
        }

        return largest;
    }
}
