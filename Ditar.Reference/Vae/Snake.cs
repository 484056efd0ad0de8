// Snake with a learned slope per channel: x + sin^2(a x)/a (spec section 2). The slope is stored as its logarithm, so that no step of an optimiser
// makes it zero or negative.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class Snake(ParameterScope scope, int channels)
{
    private readonly string path = scope.Path;

    /// <summary>[channels].</summary>
    public Tensor LogSlope { get; } = scope.Take("log_slope", [channels], Start.Zeros);

    /// <param name="x">[..., channels].</param>
    /// <returns>[..., channels].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(x.Snake(LogSlope.Exp()));
    }
}
