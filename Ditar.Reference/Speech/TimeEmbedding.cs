// e_t (spec, section 1, ours): sines then cosines of 1000 t at frequencies 10000^(-i/half), then linear, SiLU, linear. VoxCPM's lowest frequency is
// exactly 1/10000: its exponents are -i/(half - 1).

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Speech;

public sealed class TimeEmbedding
{
    private readonly double[] values;
    private readonly Tensor frequencies;
    private readonly string path;

    /// <param name="width">Even.</param>
    /// <param name="steps">From the highest frequency to one ten-thousandth of it; null for half the width.</param>
    public TimeEmbedding(ParameterScope scope, int width, int? steps = null)
    {
        path = scope.Path;
        var half = width / 2;
        values = new double[half];
        for (var i = 0; i < half; i++) values[i] = 1000 * Math.Pow(10000, -(double)i / (steps ?? half));
        frequencies = Tensor.From(scope.Type, values, 1, half).Copy();
        First = new Linear(scope["first"], 2 * half, width);
        Second = new Linear(scope["second"], width, width);
    }

    /// <summary>[half], radians per unit of time.</summary>
    public ReadOnlySpan<double> Frequencies => values;

    public Linear First { get; }

    public Linear Second { get; }

    /// <param name="time">[batch], in [0, 1].</param>
    /// <returns>[batch, width].</returns>
    public Tensor Forward(Tensor time)
    {
        var here = Module.Enter(path);
        var angles = time.Reshape(-1, 1) * frequencies;                                            // [batch, half]
        return here.Output(Second.Forward(First.Forward(Tensor.Concat(1, angles.Sin(), angles.Cos())).Silu()));
    }
}
