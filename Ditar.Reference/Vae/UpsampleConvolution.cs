// Learned up-sampling by r: a kernel-3 convolution to r * channels, whose outputs are then read as r steps. In channel-last order that reading is a
// reshape. It IS the transposed convolution of stride r and kernel 3r: y[rt + j] = sum over taps i of x[t - 2 + i] W[i, j], where the textbook form
// lets each x[t] write 3r outputs. With W[i] = the transposed kernel's third number 2 - i both give the same samples (a test says so); this form is
// one matrix product without overlapping writes. An observer sees the convolution: its output is this layer's before the reshape.

using Ditar.Reference.Layers;

namespace Ditar.Reference.Vae;

/// <summary>Causal: the transposed convolution's last 2r outputs are cut.</summary>
public sealed class UpsampleConvolution(ParameterScope scope, int inputs, int outputs, int factor)
{
    private readonly Convolution convolution = new(scope, inputs, factor * outputs, 3, Padding.Causal(3));

    /// <summary>[factor * outputs, 3, inputs]; row j * outputs + c makes channel c of step j.</summary>
    public Tensor Weight => convolution.Weight;

    /// <summary>[factor * outputs].</summary>
    public Tensor Bias => convolution.Bias;

    /// <param name="x">[batch, time, inputs].</param>
    /// <returns>[batch, time * factor, outputs].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var y = convolution.Forward(x, stream);                                                    // [batch, time, factor * outputs]
        return y.Reshape(y[0], y[1] * factor, outputs);
    }
}
