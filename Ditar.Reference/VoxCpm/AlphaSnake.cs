// Snake with its slope stored as it is: x + sin^2(a x) / a per channel. The official code divides by a + 1e-9, which changes a value by less than
// 1e-9 x^2: only at a = 0 does it matter, where a slope of 1e-9 gives the same x.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.VoxCpm;

public sealed class AlphaSnake
{
    private const double SmallestSlope = 1e-9;
    private readonly string path;

    public AlphaSnake(ParameterScope scope, int channels)
    {
        path = scope.Path;
        var stored = scope.Take("alpha", [channels], Start.Ones);
        Alpha = stored.ToDoubles().Contains(0)
            ? Tensor.From(stored.Type, [.. stored.ToDoubles().Select(a => a == 0 ? SmallestSlope : a)], channels).Copy()
            : stored;
    }

    /// <summary>[channels].</summary>
    public Tensor Alpha { get; }

    /// <param name="x">[..., channels].</param>
    /// <returns>[..., channels].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(x.Snake(Alpha));
    }
}
