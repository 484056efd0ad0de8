// A ConvNeXt block (Ditar.Reference/Vae/ConvNeXtBlock) in a stream: per tile of steps the depthwise convolution, the norm, the wide product and GELU
// stay in the first-level cache, and the narrow product adds the block's input as it is stored. The gain per channel is folded into that product.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>Weights of one block.</summary>
internal sealed unsafe class ConvNeXtWeights : IDisposable
{
    private readonly ChannelValues _taps, _bias, _gain, _normBias;
    private readonly int _width;
    private readonly float _epsilon;

    public ConvNeXtWeights(CodecWeights weights, float epsilon)
    {
        var mix = weights["mix_time"].Depthwise();
        _epsilon = epsilon;
        Kernel = mix.Kernel;
        _width = mix.Channels;
        _taps = new ChannelValues(mix.Taps, _width);
        _bias = new ChannelValues(mix.Bias, _width);
        _gain = new ChannelValues(weights["norm"].Values("gain"), _width);
        _normBias = new ChannelValues(weights["norm"].Values("bias"), _width);
        Widen = new PackedConvolution(weights["widen"].Linear(), _taps.Pitch);
        Narrow = new PackedConvolution(weights["narrow"].Linear().Scaled(weights.Values("gain")), Widen.Columns);
    }

    public int Kernel { get; }

    public int Pitch => _taps.Pitch;

    public PackedConvolution Widen { get; }

    public PackedConvolution Narrow { get; }

    public NormOperands Norm => new(_gain.Values, _normBias.Values, _width, Pitch, _epsilon);

    public DepthwiseOperands Depthwise(float* x) => new(x, Pitch, Pitch, _taps.Values, _bias.Values, Kernel, Pitch);

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable>)[_taps, _bias, _gain, _normBias, Widen, Narrow])
            part.Dispose();
    }
}

internal sealed unsafe class ConvNeXtStage : CodecStage
{
    private readonly ConvNeXtWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private readonly float* _work;
    private long _done;

    public ConvNeXtStage(StreamMemory memory, ConvNeXtWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        _input = new SignalWindow(memory, weights.Pitch, weights.Kernel - 1, mostInputs + weights.Kernel);
        MostOutputs = mostInputs;
        _work = memory.Take((pool?.Size ?? 1) * ResidualParts<Front, NoFinish>.WorkLength(Front.PitchOf(weights)));
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        var rows = (int)(_input.End - _done);
        if (rows > 0)
        {
            var o = ConvolutionOperands.Of(_weights.Narrow);
            o.XRowStride = _weights.Widen.Columns;
            o.Residual = _input.Step(_done);
            o.ResidualRowStride = _input.Pitch;
            o.Y = Next.Append(rows);
            var front = new Front(_weights.Depthwise(_input.Step(_done - _weights.Kernel + 1)), _weights.Norm, ConvolutionOperands.Of(_weights.Widen), _weights.Pitch);
            ResidualParts<Front, NoFinish>.Run(_pool, in front, in o, rows, _work, default, (long)_weights.Widen.Length * _weights.Widen.Columns);
            _done += rows;
            _input.Drop(_done - _weights.Kernel + 1);
        }

        Next.Advance(last);
    }

    public override long Outputs(long inputs, bool last) => inputs;

    private readonly struct Front(DepthwiseOperands mix, NormOperands norm, ConvolutionOperands widen, int pitch) : IRowFront
    {
        public int WorkPitch => pitch + widen.Columns;

        public static int PitchOf(ConvNeXtWeights weights) => weights.Pitch + weights.Widen.Columns;

        [MethodImpl(Jit.Hot)]
        public float* Fill<TWidth, TVector>(int row, int rows, float* work)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            mix.Run<TWidth, TVector, NoStep>(row, rows, default, work);
            norm.Run<TWidth, TVector>(work, pitch, rows, work);
            var o = widen;
            o.X = work;
            o.XRowStride = pitch;
            o.Y = work + (rows * (nint)pitch);
            ConvolutionRows.Run<TWidth, TVector, GeluFinish>(in o, 0, rows, 0, o.Columns, default);
            return o.Y;
        }
    }
}
