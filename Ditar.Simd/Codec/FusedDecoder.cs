// The decoders as plans: what is packed once of a model's weights, and how the stages of one stream are chained over it.

using Ditar.Reference.Vae;

namespace Ditar.Simd;

/// <summary>A decoder's packed weights. Immutable; any number of streams run over it at the same time.</summary>
internal abstract class FusedDecoder : IDisposable
{
    /// <summary>Latents that pass the chain together. More save little: weights that do not fit a cache are read once per chunk.</summary>
    public abstract int ChunkLatents { get; }

    /// <summary>Stages of one stream, first to last, linked.</summary>
    /// <param name="sink">Takes the samples.</param>
    public abstract CodecStage[] Start(StreamMemory memory, WorkerPool? pool, CodecSink sink);

    public abstract void Dispose();

    public static FusedDecoder Create(CodecWeights weights, VaeConfig config) =>
        config.Decoder == VaeConfig.InverseStftKind ? new FusedInverseStft(weights, config) : new FusedBigVgan(weights, config);

    /// <summary>Joins stages to a chain.</summary>
    protected static CodecStage[] Chain(params CodecStage[] stages)
    {
        for (var i = 0; i + 1 < stages.Length; i++)
            stages[i].Next = stages[i + 1];
        return stages;
    }
}

/// <summary>Ditar.Reference/Vae/InverseStftDecoder.</summary>
internal sealed class FusedInverseStft : FusedDecoder
{
    private const float NormEpsilon = 1e-6f;
    private readonly VaeConfig _config;
    private readonly PackedConvolution _enter, _up;
    private readonly ConvNeXtWeights[] _latentBlocks, _frameBlocks;
    private readonly SpectrumWeights _spectrum;

    public FusedInverseStft(CodecWeights weights, VaeConfig config)
    {
        _config = config;
        var c = config.InverseStft;
        _enter = new PackedConvolution(weights["enter"].Convolution(), config.LatentDim);
        _latentBlocks = [.. Enumerable.Range(0, c.LatentBlocks).Select(i => new ConvNeXtWeights(weights["latent_blocks"][i], NormEpsilon))];
        _up = new PackedConvolution(weights["up"].Convolution(), _enter.Pitch, groups: c.Upsample);
        _frameBlocks = [.. Enumerable.Range(0, c.FrameBlocks).Select(i => new ConvNeXtWeights(weights["frame_blocks"][i], NormEpsilon))];
        _spectrum = new SpectrumWeights(weights, c.Window, config.Hop / c.Upsample);
    }

    public override int ChunkLatents => 32;

    public override CodecStage[] Start(StreamMemory memory, WorkerPool? pool, CodecSink sink)
    {
        var kernel = (2 * _config.LookAhead) + 1;
        var stages = new List<CodecStage>
        {
            new ConvolutionStage(memory, _enter, ConvolutionReach.Centred(kernel), _config.LatentDim, ChunkLatents, pool),
        };
        foreach (var block in _latentBlocks)
            stages.Add(new ConvNeXtStage(memory, block, stages[^1].MostOutputs, pool));
        stages.Add(new ConvolutionStage(memory, _up, ConvolutionReach.Causal(3), _enter.Pitch, stages[^1].MostOutputs, pool, _config.InverseStft.Upsample));
        foreach (var block in _frameBlocks)
            stages.Add(new ConvNeXtStage(memory, block, stages[^1].MostOutputs, pool));
        stages.Add(new SpectrumStage(memory, _spectrum, stages[^1].MostOutputs, pool, sink));
        return Chain([.. stages]);
    }

    public override void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[_enter, _up, .. _latentBlocks, .. _frameBlocks, _spectrum])
            part.Dispose();
    }
}

/// <summary>Ditar.Reference/Vae/BigVganDecoder.</summary>
internal sealed class FusedBigVgan : FusedDecoder
{
    private readonly VaeConfig _config;
    private readonly PackedConvolution _enter;
    private readonly BigVganStageWeights[] _stages;
    private readonly AntiAliasedWeights _snake;
    private readonly WaveWeights _leave;

    public FusedBigVgan(CodecWeights weights, VaeConfig config)
    {
        _config = config;
        var c = config.BigVgan;
        _enter = new PackedConvolution(weights["enter"].Convolution(), config.LatentDim);
        _stages = [.. c.Upsample.Select((factor, i) => new BigVganStageWeights(weights["stages"][i], factor, c.Kernels, c.Dilations))];
        _snake = new AntiAliasedWeights(weights["snake"]);
        _leave = new WaveWeights(weights["leave"].Convolution());
    }

    public override int ChunkLatents => 32;

    public override CodecStage[] Start(StreamMemory memory, WorkerPool? pool, CodecSink sink)
    {
        var kernel = (2 * _config.LookAhead) + 1;
        var stages = new List<CodecStage>
        {
            new ConvolutionStage(memory, _enter, ConvolutionReach.Centred(kernel), _config.LatentDim, ChunkLatents, pool),
        };
        foreach (var stage in _stages)
            stages.Add(new BigVganStage(memory, stage, stages[^1].MostOutputs, pool));
        stages.Add(new AntiAliasedStage(memory, _snake, _leave.Pitch, stages[^1].MostOutputs, pool));
        stages.Add(new WaveStage(memory, _leave, stages[^1].MostOutputs, pool, sink));
        return Chain([.. stages]);
    }

    public override void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[_enter, .. _stages, _snake, _leave])
            part.Dispose();
    }
}
