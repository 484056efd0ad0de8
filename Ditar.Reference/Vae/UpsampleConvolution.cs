// Learned up-sampling by r: a convolution of a few taps to r * channels, whose outputs are then read as r steps. In channel-last order that reading is
// a reshape. It IS the transposed convolution of stride r and kernel taps * r: y[rt + j] = sum over taps i of x[t - (taps - 1) + i] W[i, j], where the
// textbook form lets each x[t] write taps * r outputs. With W[i] = the transposed kernel's part number taps - 1 - i both give the same samples (a test
// says so); this form is one matrix product without overlapping writes. An observer sees the convolution: its output is this layer's before the reshape.

using Ditar.Reference.Layers;

namespace Ditar.Reference.Vae;

/// <summary>Causal: the transposed convolution's last (taps - 1) r outputs are cut.</summary>
public sealed class UpsampleConvolution(ParameterScope scope, int inputs, int outputs, int factor, int taps = 3)
{
    private readonly Convolution convolution = new(scope, inputs, factor * outputs, taps, Padding.Causal(taps));

    /// <summary>[factor * outputs, taps, inputs]; row j * outputs + c makes channel c of step j.</summary>
    public Tensor Weight => convolution.Weight;

    /// <summary>[factor * outputs].</summary>
    public Tensor Bias => convolution.Bias;

    /// <summary>Steps out for a step in.</summary>
    public int Factor => factor;

    /// <param name="x">[batch, time, inputs].</param>
    /// <returns>[batch, time * factor, outputs].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var y = convolution.Forward(x, stream);                                                    // [batch, time, factor * outputs]
        return y.Reshape(y[0], y[1] * factor, outputs);
    }
}
