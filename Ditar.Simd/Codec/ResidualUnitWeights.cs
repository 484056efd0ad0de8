// The residual unit of our encoder (Ditar.Reference/Vae/VaeEncoder) and of VoxCPM's encoder and decoder (Ditar.Reference/VoxCpm/AudioResidualUnit):
// x + point(snake(wide(snake(x)))), wide being a dilated convolution, depthwise or dense, centred or causal. The first Snake is applied where x is stored, so it
// is the stage's; the second lies between two products of a tile.

using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

internal sealed unsafe class ResidualUnitWeights : IDisposable
{
    private readonly ChannelValues? _taps, _bias;
    private readonly PackedConvolution? _dense;

    /// <summary>VoxCPM's.</summary>
    public ResidualUnitWeights(AudioResidualUnit unit)
    {
        var channels = unit.Wide.Bias[0];
        Pitch = Vectors.Padded(channels);
        Reach = ConvolutionReach.Of(unit.Wide);
        if (unit.Wide.Weight[2] == 1 && channels > 1)
        {
            var wide = DepthwiseWeight.Of(unit.Wide.Weight, unit.Wide.Bias);
            _taps = new ChannelValues(wide.Taps, channels);
            _bias = new ChannelValues(wide.Bias, channels);
        }
        else
        {
            _dense = new PackedConvolution(ConvolutionWeight.Of(unit.Wide), Pitch, Reach.Dilation);
        }

        Between = new SnakeSlopes(unit.Between.Alpha.Loose());
        Point = new PackedConvolution(ConvolutionWeight.Of(unit.Point), Pitch);
    }

    /// <summary>Our encoder's.</summary>
    public ResidualUnitWeights(CodecWeights weights, int pitch, int dilation)
    {
        var wide = weights["wide"].Convolution();
        Pitch = pitch;
        Reach = ConvolutionReach.Centred(wide.Kernel, dilation);
        _dense = new PackedConvolution(wide, pitch, dilation);
        Between = new SnakeSlopes(weights["snake_between"].Slopes());
        Point = new PackedConvolution(weights["point"].Convolution(), pitch);
    }

    public int Pitch { get; }

    public ConvolutionReach Reach { get; }

    public SnakeSlopes Between { get; }

    public PackedConvolution Point { get; }

    /// <summary>All rows of a chunk: y = residual + the unit, then its finish.</summary>
    /// <param name="x">After the first Snake, the first step that output row 0 looks at.</param>
    /// <param name="work">Room for rows of the pitch (<see cref="ResidualParts{TFront, TFinish}.WorkLength"/>), for each thread.</param>
    public void Run(WorkerPool? pool, float* x, in ConvolutionOperands point, int rows, float* work, SnakeFinish finish)
    {
        if (_dense is null)
        {
            var depthwise = new DepthwiseOperands(x, Pitch, (nint)Reach.Dilation * Pitch, _taps!.Values, _bias!.Values, Reach.Kernel, Pitch);
            var front = new DepthwiseFront<SnakeStep>(depthwise, Between.Step);
            ResidualParts<DepthwiseFront<SnakeStep>, SnakeFinish>.Run(pool, in front, in point, rows, work, finish, Pitch * 2L * Reach.Kernel);
        }
        else
        {
            var dense = ConvolutionOperands.Of(_dense);
            dense.X = x;
            dense.XRowStride = Pitch;
            var front = new ConvolutionFront(dense, Between.InPlace);
            ResidualParts<ConvolutionFront, SnakeFinish>.Run(pool, in front, in point, rows, work, finish, (long)dense.Length * dense.Columns);
        }
    }

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable?>)[_taps, _bias, _dense, Between, Point])
            part?.Dispose();
    }
}
