// Inputs for kernel tests and the frame that holds a result: odd start, guard values on both sides that must survive.

using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Tests.Simd;

internal sealed class KernelCase(int seed)
{
    private const float Untouched = -98765.5f;
    private const int Margin = 3; // makes every start odd
    private readonly Random _random = new(seed);

    public static SimdKernels Fast { get; } = new();

    public static PlainKernels Definition { get; } = new();

    /// <summary>Lengths 0 to 4 of the widest vectors, plus one.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(0, (4 * 16) + 2);

    /// <summary>Values in (-scale, scale), as float32 and the same in float64.</summary>
    public (float[] Single, double[] Double) Values(int length, double scale = 1, double offset = 0)
    {
        var single = new float[length];
        for (var i = 0; i < length; i++)
            single[i] = (float)((((_random.NextDouble() * 2) - 1) * scale) + offset);
        return (single, Wide(single));
    }

    public static double[] Wide(float[] values) => Array.ConvertAll(values, v => (double)v);

    public static float[] Narrow(double[] values) => Array.ConvertAll(values, v => (float)v);

    public static double[] Magnitudes(double[] values) => Array.ConvertAll(values, Math.Abs);

    /// <summary>Runs <paramref name="kernel"/> on a destination in the middle of guarded memory and returns what it wrote.</summary>
    /// <param name="length">Elements of the destination.</param>
    /// <param name="kernel">Writes the destination.</param>
    /// <param name="before">What the destination holds first; NaN where omitted, so that a forgotten element shows.</param>
    public static float[] Result(int length, Action<Memory<float>> kernel, float[]? before = null)
    {
        var memory = new float[Margin + length + 40];
        memory.AsSpan().Fill(Untouched);
        var inside = memory.AsMemory(Margin, length);
        if (before is null)
            inside.Span.Fill(float.NaN);
        else
            before.CopyTo(inside);
        kernel(inside);
        for (var i = 0; i < memory.Length; i++)
        {
            if (i < Margin || i >= Margin + length)
                Assert.Equal(Untouched, memory[i]);
        }

        return inside.ToArray();
    }

    /// <summary>The same values at an odd address, with NaN behind them: reading beyond the end would show.</summary>
    public static ReadOnlyMemory<float> Odd(float[] values)
    {
        var memory = new float[Margin + values.Length + 40];
        memory.AsSpan().Fill(float.NaN);
        values.CopyTo(memory, Margin);
        return memory.AsMemory(Margin, values.Length);
    }
}
