// y = x W^T + b.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

public sealed class Linear
{
    private readonly string path;

    /// <param name="start">Of the weight; null for Normal(1/sqrt(inputs)), which keeps the variance of its input.</param>
    public Linear(ParameterScope scope, int inputs, int outputs, bool bias = true, Start? start = null)
    {
        path = scope.Path;
        Weight = scope.Take("weight", [outputs, inputs], start ?? new Start.Normal(1 / Math.Sqrt(inputs)));
        Bias = bias ? scope.Take("bias", [outputs], Start.Zeros) : null;
    }

    /// <summary>[outputs, inputs].</summary>
    public Tensor Weight { get; }

    /// <summary>[outputs], or null.</summary>
    public Tensor? Bias { get; }

    /// <param name="x">[..., inputs].</param>
    /// <returns>[..., outputs].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(x.Linear(Weight, Bias));
    }
}
