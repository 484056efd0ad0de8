// Random float64 inputs and the comparison that the tests of this folder share.

using Ditar.Reference;
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Layers;

internal static class LayerData
{
    public static Tensor Normal(int seed, params int[] shape)
    {
        var draws = new double[shape.Aggregate(1, (a, b) => a * b)];
        NormalSource.FillNormal((ulong)seed, 0, 0, draws);
        return Tensor.From(draws, shape).Copy();
    }

    /// <summary>A copy with one time step of one batch item replaced.</summary>
    public static Tensor Disturbed(Tensor x, int batch, int time)
    {
        var copy = x.Copy();
        var width = x[2];
        copy.Values<double>().Slice(((batch * x[1]) + time) * width, width).Fill(3.5);
        return copy;
    }

    public static void Equal(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.Shape.ToArray(), found.Shape.ToArray());
        Assert.True(expected.Count > 0);
        var (a, b) = (expected.ToDoubles(), found.ToDoubles());
        for (var i = 0; i < a.Length; i++)
            Assert.True(Math.Abs(a[i] - b[i]) <= Tolerances.FewFloat64Operations * Math.Max(1, Math.Abs(a[i])), $"element {i}: expected {a[i]:g17}, found {b[i]:g17}");
    }
}
