// ConvNeXt block in one dimension: depthwise convolution, LayerNorm, widen, GELU, narrow, gain per channel, residual (Liu et al. 2022; Vocos, Siuzdak
// 2023, uses it for speech). The convolution is causal (ours), so that the block streams without delay.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Vae;

public sealed class ConvNeXtBlock(ParameterScope scope, int width, int hidden, int kernel)
{
    // Blocks start as a small correction of their input (recipe).
    private const double FirstGain = 0.3;
    private const double NormEpsilon = 1e-6;

    private readonly string path = scope.Path;
    private readonly Convolution mixTime = new(scope["mix_time"], width, width, kernel, Padding.Causal(kernel), groups: width);
    private readonly LayerNorm norm = new(scope["norm"], width, NormEpsilon);
    private readonly Linear widen = new(scope["widen"], width, hidden);
    private readonly Linear narrow = new(scope["narrow"], hidden, width);
    private readonly Tensor gain = scope.Take("gain", [width], new Start.Constant(FirstGain));

    /// <param name="x">[batch, time, width].</param>
    /// <returns>[batch, time, width].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        var h = norm.Forward(mixTime.Forward(x, stream));
        return here.Output(x + (narrow.Forward(widen.Forward(h).Gelu()) * gain));
    }
}
