// A dense convolution in a stream, with any padding, stride and dilation. With groups above one it is the learned up-sampling of our decoders
// (Ditar.Reference/Vae/UpsampleConvolution): each of its outputs is read as that many steps.

using Ditar.Reference.Vae;

namespace Ditar.Simd;

/// <summary>Where a convolution looks.</summary>
internal readonly record struct ConvolutionReach(int Kernel, int Left, int Right, int Dilation = 1, int Stride = 1)
{
    /// <summary>Steps from a window's first to its last.</summary>
    public int Steps => ((Kernel - 1) * Dilation) + 1;

    public static ConvolutionReach Of(Convolution definition) =>
        new(definition.Weight[1], definition.Left, definition.Right, definition.Dilation, definition.Stride);

    public static ConvolutionReach Causal(int kernel, int dilation = 1) => new(kernel, (kernel - 1) * dilation, 0, dilation);

    public static ConvolutionReach Centred(int kernel, int dilation = 1, int stride = 1)
    {
        var all = ((kernel - 1) * dilation) + 1 - stride;
        return new(kernel, all / 2, all - (all / 2), dilation, stride);
    }

    /// <summary>Outputs that are final after so many inputs.</summary>
    public long Outputs(long inputs, bool last)
    {
        var padded = inputs + Left + (last ? Right : 0);
        return padded < Steps ? 0 : ((padded - Steps) / Stride) + 1;
    }
}

internal sealed unsafe class ConvolutionStage : CodecStage
{
    private readonly PackedConvolution _weight;
    private readonly ConvolutionReach _reach;
    private readonly int _groups;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private long _done;
    private long _taken;

    /// <param name="inputPitch">Elements of an input step.</param>
    /// <param name="mostInputs">Most steps appended at a time.</param>
    public ConvolutionStage(
        StreamMemory memory, PackedConvolution weight, ConvolutionReach reach, int inputPitch, int mostInputs, WorkerPool? pool, int groups = 1)
    {
        (_weight, _reach, _groups, _pool) = (weight, reach, groups, pool);
        _input = new SignalWindow(memory, inputPitch, reach.Left, mostInputs + reach.Steps + reach.Stride + reach.Right);
        MostOutputs = ((mostInputs + reach.Steps + reach.Right) / reach.Stride + 1) * groups;
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps)
    {
        _taken += steps;
        return _input.Append(steps);
    }

    public override void Advance(bool last)
    {
        if (last)
            _input.AppendZeros(_reach.Right);
        var ready = _reach.Outputs(_taken, last);
        var rows = (int)(ready - _done);
        if (rows > 0)
        {
            var o = ConvolutionOperands.Of(_weight);
            o.X = _input.Step((_done * _reach.Stride) - _reach.Left);
            o.XRowStride = (nint)_reach.Stride * _input.Pitch;
            o.Y = Next.Append(rows * _groups);
            ConvolutionJob.Run(_pool, in o, rows, default(NoFinish));
            _done = ready;
            _input.Drop((_done * _reach.Stride) - _reach.Left);
        }

        Next.Advance(last);
    }

    public override long Outputs(long inputs, bool last) => _reach.Outputs(inputs, last) * _groups;
}
