// Finite scalar quantisation (Mentzer et al., arXiv 2309.15505): y = out(round(s tanh(in(x))) / s), 2s + 1 levels for each of some hundred dims, ties to the
// even level. A value near the middle between two levels makes everything after it sensitive: Margin says how near the nearest was.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.VoxCpm;

public sealed class ScalarQuantiser(ParameterScope scope, int width, int dim, double scale)
{
    private readonly string path = scope.Path;

    public Linear Input { get; } = new(scope["input"], width, dim);

    public Linear Output { get; } = new(scope["output"], dim, width);

    /// <summary>s.</summary>
    public double Scale { get; } = scale;

    /// <param name="x">[..., width].</param>
    /// <returns>[..., width].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(Output.Forward(Levels(x)));
    }

    /// <returns>[..., dim], multiples of 1/s.</returns>
    public Tensor Levels(Tensor x) => (Input.Forward(x).Tanh() * Scale).Round() / Tensor.Full(x.Type, Scale);

    /// <summary>The smallest distance of any number from a tie, in levels: results that differ by more than this may land on another level.</summary>
    public double Margin(Tensor x) => (Input.Forward(x).Tanh() * Scale).ToDoubles().Min(level => Math.Abs(Math.Abs(level - Math.Truncate(level)) - 0.5));
}
