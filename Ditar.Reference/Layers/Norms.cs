// The two normalisations over the last axis. The transformers use RmsNorm (spec, section 1), the VAE's ConvNeXt blocks LayerNorm.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

/// <summary>y = x gain / sqrt(mean(x^2) + epsilon).</summary>
public sealed class RmsNorm(ParameterScope scope, int width, double epsilon)
{
    private readonly string path = scope.Path;

    public Tensor Gain { get; } = scope.Take("gain", [width], Start.Ones);

    public double Epsilon { get; } = epsilon;

    /// <param name="x">[..., width].</param>
    /// <returns>[..., width]; each row has unit root mean square before the gain.</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(x.RmsNorm(Gain, Epsilon));
    }
}

/// <summary>y = (x - mean(x)) gain / sqrt(variance(x) + epsilon) + bias.</summary>
public sealed class LayerNorm(ParameterScope scope, int width, double epsilon)
{
    private readonly string path = scope.Path;

    public Tensor Gain { get; } = scope.Take("gain", [width], Start.Ones);

    public Tensor Bias { get; } = scope.Take("bias", [width], Start.Zeros);

    public double Epsilon { get; } = epsilon;

    /// <param name="x">[..., width].</param>
    /// <returns>[..., width].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(x.LayerNorm(Gain, Bias, Epsilon));
    }
}
