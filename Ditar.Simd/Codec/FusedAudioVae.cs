// VoxCPM's decoder as a plan (Ditar.Reference/VoxCpm/AudioVaeDecoder). The condition of the output rate is a scale and a shift per channel before a block,
// the same for all of a stream, and is applied with the block's Snake where its input is stored.

using Ditar.Reference;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

internal sealed class FusedAudioVae : FusedDecoder
{
    private readonly AudioEntryWeights _enter;
    private readonly AudioBlockWeights[] _blocks;
    private readonly WaveWeights _leave;

    public FusedAudioVae(AudioVaeDecoder decoder)
    {
        if (decoder.Config.NoiseBlock)
            throw new NotSupportedException("The fused decoder has no noise block (use_noise_block), which no released model has; use the definition's vocoder.");
        _enter = new AudioEntryWeights(decoder, Before(decoder, 0));
        _blocks = [.. decoder.Blocks.Select((block, i) => new AudioBlockWeights(block, decoder.Config.DecoderRates[i], Before(decoder, i + 1)))];
        _leave = new WaveWeights(ConvolutionWeight.Of(decoder.Leave));
    }

    // One second of the released models' latents is 25: the first weights, too large for any cache, are read once for it.
    public override int ChunkLatents => 32;

    public override CodecStage[] Start(StreamMemory memory, WorkerPool? pool, CodecSink sink)
    {
        var stages = new List<CodecStage> { new AudioEntryStage(memory, _enter, ChunkLatents, pool) };
        foreach (var block in _blocks)
            stages.Add(new AudioBlockStage(memory, block, stages[^1].MostOutputs, pool));
        stages.Add(new WaveStage(memory, _leave, stages[^1].MostOutputs, pool, sink));
        return Chain([.. stages]);
    }

    public override void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[_enter, .. _blocks, _leave])
            part.Dispose();
    }

    // What is done to the input of block i: its condition and its Snake; after the last block the decoder's own Snake.
    private static SnakeSlopes Before(AudioVaeDecoder decoder, int i)
    {
        if (i == decoder.Blocks.Count)
            return new SnakeSlopes(decoder.Snake.Alpha.Loose());
        var slopes = decoder.Blocks[i].Snake.Alpha.Loose();
        if (decoder.Blocks[i].Condition is not { } condition)
            return new SnakeSlopes(slopes);
        if (condition.Out is not null || (condition.Scale is null && decoder.Config.RateCondition!.Kind == RateConditionKind.Concat))
            throw new NotSupportedException("The fused decoder knows rate conditions that scale and shift, no released model has others; use the definition's vocoder.");
        return condition.Scale is { } scale
            ? new SnakeSlopes(slopes, condition: (Row(scale), Row(condition.Bias!)))
            : new SnakeSlopes(slopes, condition: ([.. Enumerable.Repeat(1f, slopes.Length)], Row(condition.Table!)));

        float[] Row(Tensor table) => table.Slice(0, decoder.Bucket, 1).ToSingles();
    }
}

/// <summary>The first convolutions: depthwise and pointwise, or one dense.</summary>
internal sealed unsafe class AudioEntryWeights : IDisposable
{
    private readonly ChannelValues? _taps, _bias;

    public AudioEntryWeights(AudioVaeDecoder decoder, SnakeSlopes after)
    {
        After = after;
        var latent = decoder.Config.LatentDim;
        Kernel = decoder.Enter[0].Weight[1];
        InputPitch = Vectors.Padded(latent);
        if (decoder.Enter.Count == 2)
        {
            var depthwise = DepthwiseWeight.Of(decoder.Enter[0].Weight, decoder.Enter[0].Bias);
            _taps = new ChannelValues(depthwise.Taps, latent);
            _bias = new ChannelValues(depthwise.Bias, latent);
        }

        Dense = new PackedConvolution(ConvolutionWeight.Of(decoder.Enter[^1]), InputPitch);
        Latent = latent;
    }

    public int Kernel { get; }

    public int Latent { get; }

    public int InputPitch { get; }

    public bool Depthwise => _taps is not null;

    /// <summary>The pointwise convolution, or the only one.</summary>
    public PackedConvolution Dense { get; }

    public SnakeSlopes After { get; }

    public DepthwiseOperands OperandsOf(float* x) => new(x, InputPitch, InputPitch, _taps!.Values, _bias!.Values, Kernel, InputPitch);

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable?>)[_taps, _bias, Dense, After])
            part?.Dispose();
    }
}

internal sealed unsafe class AudioEntryStage : CodecStage
{
    private readonly AudioEntryWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private readonly float* _latents, _work;
    private int _waiting;
    private long _done;

    public AudioEntryStage(StreamMemory memory, AudioEntryWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        _input = new SignalWindow(memory, weights.InputPitch, weights.Kernel - 1, mostInputs + weights.Kernel);
        _latents = memory.Take((long)mostInputs * weights.Latent);
        _work = memory.Take((pool?.Size ?? 1) * ResidualParts<DepthwiseFront<NoStep>, SnakeFinish>.WorkLength(weights.InputPitch));
        MostOutputs = mostInputs;
    }

    public override int MostOutputs { get; }

    /// <inheritdoc/>
    /// <remarks>Latents come without padding and get it here.</remarks>
    public override float* Append(int steps)
    {
        _waiting = steps;
        return _latents;
    }

    public override void Advance(bool last)
    {
        var (latent, pitch) = (_weights.Latent, _weights.InputPitch);
        _input.AppendZeros(_waiting);
        for (var i = 0; i < _waiting; i++)
            new ReadOnlySpan<float>(_latents + (i * latent), latent).CopyTo(new Span<float>(_input.Step(_done + i), pitch));
        var rows = _waiting;
        _waiting = 0;
        if (rows > 0)
        {
            var x = _input.Step(_done - _weights.Kernel + 1);
            var o = ConvolutionOperands.Of(_weights.Dense);
            o.XRowStride = pitch;
            o.Y = Next.Append(rows);
            if (_weights.Depthwise)
            {
                var front = new DepthwiseFront<NoStep>(_weights.OperandsOf(x), default);
                ResidualParts<DepthwiseFront<NoStep>, SnakeFinish>.Run(_pool, in front, in o, rows, _work, _weights.After.InPlace, 0);
            }
            else
            {
                o.X = x;
                ConvolutionJob.Run(_pool, in o, rows, _weights.After.InPlace);
            }

            _done += rows;
            _input.Drop(_done - _weights.Kernel + 1);
        }

        Next.Advance(last);
    }

    public override long Outputs(long inputs, bool last) => inputs;
}
