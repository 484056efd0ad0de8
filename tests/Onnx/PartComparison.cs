// What a part of an exported model is fed, and how its output is held against the definition's.

using Ditar.Reference;
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Onnx;

internal static class PartComparison
{
    /// <summary>
    /// The project's bar for an exported graph against the definition in float32, on every output. Both round each of some hundred operations to 6e-8 in
    /// other orders; errors of random sign grow like the root of their number, so 1e-6 is what to expect (measured: 1e-7 to 1e-6) and ten times that is refused.
    /// </summary>
    public const double PartBound = 1e-5;

    /// <summary>Relative l2; exact equality everywhere would mean that one is compared with itself, but single rows may well be equal.</summary>
    public static void Near(Tensor expected, Tensor found, double bound = PartBound)
    {
        Assert.Equal(expected.Shape.ToArray(), found.Shape.ToArray());
        double error = 0, size = 0;
        foreach (var (a, b) in expected.ToDoubles().Zip(found.ToDoubles()))
        {
            error += (a - b) * (a - b);
            size += a * a;
        }

        Assert.True(size > 0 && Math.Sqrt(error / size) < bound, $"relative error {Math.Sqrt(error / size)}, bound {bound}");
    }

    public static Tensor Random(ulong seed, params int[] shape)
    {
        var values = new float[shape.Aggregate(1, (count, extent) => count * extent)];
        NormalSource.FillNormal(seed, 1, 0, values);
        return Tensor.From(values, shape);
    }
}
