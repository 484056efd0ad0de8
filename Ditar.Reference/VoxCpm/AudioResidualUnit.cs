// x + f(x), f = Snake, causal kernel 7 (dilated; one filter per channel in depthwise models), Snake, kernel 1.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioResidualUnit
{
    /// <summary>Of the three units in a row that encoder and decoder blocks have.</summary>
    public static readonly IReadOnlyList<int> Dilations = [1, 3, 9];

    private const int Kernel = 7;
    private readonly string path;

    public AudioResidualUnit(ParameterScope scope, int channels, int dilation, bool depthwise)
    {
        path = scope.Path;
        Dilation = dilation;
        Before = new AlphaSnake(scope["block"][0], channels);
        Wide = new Convolution(scope["block"][1], channels, channels, Kernel, Padding.Causal(Kernel, dilation), dilation: dilation, groups: depthwise ? channels : 1);
        Between = new AlphaSnake(scope["block"][2], channels);
        Point = new Convolution(scope["block"][3], channels, channels, 1, default);
    }

    public int Dilation { get; }

    public AlphaSnake Before { get; }

    public Convolution Wide { get; }

    public AlphaSnake Between { get; }

    public Convolution Point { get; }

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time, channels].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        return here.Output(x + Point.Forward(Between.Forward(Wide.Forward(Before.Forward(x), stream))));
    }
}
