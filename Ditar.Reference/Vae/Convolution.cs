// The convolution layer of the VAE: a weight, a bias, and where the zeros go. Causal layers have all of them on the left.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

/// <summary>Zeros before and after a signal.</summary>
public readonly record struct Padding(int Left, int Right)
{
    /// <summary>Outputs depend on the present and the past.</summary>
    public static Padding Causal(int kernel, int dilation = 1) => new((kernel - 1) * dilation, 0);

    /// <summary>As many outputs as time / stride, centred.</summary>
    public static Padding Centred(int kernel, int dilation = 1, int stride = 1)
    {
        var all = ((kernel - 1) * dilation) + 1 - stride;
        return new(all / 2, all - (all / 2));
    }
}

public sealed class Convolution
{
    private readonly string path;
    private readonly int groups;
    private readonly Padding padding;

    /// <param name="start">Of the weight; null for Normal(1/sqrt(kernel * inputs / groups)), which keeps the variance of its input.</param>
    public Convolution(
        ParameterScope scope, int inputs, int outputs, int kernel, Padding padding, int stride = 1, int dilation = 1, int groups = 1, Start? start = null)
    {
        (Stride, Dilation, this.groups, this.padding) = (stride, dilation, groups, padding);
        path = scope.Path;
        Weight = scope.Take("weight", [outputs, kernel, inputs / groups], start ?? new Start.Normal(1 / Math.Sqrt(kernel * (inputs / groups))));
        Bias = scope.Take("bias", [outputs], Start.Zeros);
    }

    /// <summary>[outputs, kernel, inputs / groups].</summary>
    public Tensor Weight { get; }

    /// <summary>[outputs].</summary>
    public Tensor Bias { get; }

    public int Stride { get; }

    public int Dilation { get; }

    /// <summary>Zeros before a signal.</summary>
    public int Left => padding.Left;

    /// <summary>Steps after the present one that an output waits for.</summary>
    public int Right => padding.Right;

    private int Reach => ((Weight[1] - 1) * Dilation) + 1;

    /// <param name="x">[batch, time, inputs].</param>
    /// <param name="stream">Null for a whole signal.</param>
    /// <returns>[batch, time / stride, outputs]; from a stream, the outputs that are final.</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        var window = stream is null
            ? x.Pad(1, padding.Left, padding.Right)
            : stream.Window(this, x, padding.Left, padding.Right, Reach, Stride);
        return here.Output(DecoderState.Outputs(window[1], Reach, Stride) == 0
            ? Tensor.Zeros(x.Type, x[0], 0, Weight[0])
            : window.Convolve(Weight, Bias, Stride, Dilation, groups));
    }
}
