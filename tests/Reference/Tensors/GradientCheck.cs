// Central differences in float64: the judge of every gradient.
//   (f(x + h) - f(x - h)) / 2h = f'(x) + O(h^2 f''') + O(eps |f| / h); h = 1e-5 leaves about 1e-10 |f'''| + 1e-11 |f|.

using Ditar.Reference;

namespace Ditar.Tests.Reference.Tensors;

internal static class GradientCheck
{
    private const double Step = 1e-5;

    /// <summary>Compares the tape's gradients of a weighted sum of <paramref name="function"/> with central differences, element by element.</summary>
    public static void Run(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        using var tape = new Tape();
        tape.Watch(inputs);
        var output = function(inputs);
        var weights = Random(77, output.Shape);
        var loss = (output * weights).Sum();
        var gradients = tape.Gradients(loss, inputs).Select(g => g.ToDoubles()).ToArray();

        // Under the same tape but without recording cost: evaluations of copies that are not watched.
        for (var which = 0; which < inputs.Length; which++)
        {
            var numeric = new double[inputs[which].Count];
            for (var i = 0; i < numeric.Length; i++)
            {
                var up = Evaluate(which, i, Step);
                var down = Evaluate(which, i, -Step);
                numeric[i] = (up - down) / (2 * Step);
            }

            var scale = Math.Max(1, numeric.Max(Math.Abs));
            for (var i = 0; i < numeric.Length; i++)
            {
                Assert.True(
                    Math.Abs(numeric[i] - gradients[which][i]) <= 1e-7 * scale,
                    $"input {which}, element {i}: the tape says {gradients[which][i]:g12}, differences say {numeric[i]:g12}");
            }
        }

        double Evaluate(int which, int element, double delta)
        {
            var moved = inputs.Select(t => t.Copy()).ToArray();
            moved[which].Values<double>()[element] += delta;
            return (function(moved) * weights).Sum().Scalar();
        }
    }

    /// <summary>Fixed pseudo-random float64 values in [-1, 1), shifted.</summary>
    public static Tensor Random(int seed, ReadOnlySpan<int> shape, double shift = 0)
    {
        var random = new Random(seed);
        var count = 1;
        foreach (var extent in shape) count *= extent;
        var values = new double[count];
        for (var i = 0; i < count; i++) values[i] = (2 * random.NextDouble()) - 1 + shift;
        return Tensor.From(values, shape).Copy();
    }

    public static Tensor Random(int seed, params int[] shape) => Random(seed, (ReadOnlySpan<int>)shape);
}
