// The fused encoder of either family: the counterpart of Autoencoder.Encode and AudioVae.Encode for one recording. It runs as a stream over the recording, so
// its memory does not grow with it.

using Ditar.Reference;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <summary>Audio to scaled latents. Safe for concurrent use.</summary>
public sealed unsafe class FusedEncoder : IDisposable
{
    // Latents' worth of samples that pass the chain together: the last weights, larger than any cache, are read once for them.
    private const int ChunkLatents = 32;

    private readonly WorkerPool? _pool;
    private readonly EncoderStageWeights[] _stages;
    private readonly (PackedConvolution Weight, ConvolutionReach Reach)[] _end;
    private readonly float[] _mean, _deviation;
    private readonly int _hop;

    /// <summary>Packs the encoder's weights.</summary>
    /// <param name="autoencoder">In any element type; its weights are copied as float32.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The latents have the same bits either way.</param>
    public FusedEncoder(Autoencoder autoencoder, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        var weights = CodecWeights.Of(autoencoder)["encoder"];
        var config = autoencoder.Config;
        (_hop, _pool) = (config.Hop, pool);
        _stages = [.. config.Strides.Select((stride, i) => new EncoderStageWeights(weights["stages"][i], stride, first: i == 0))];

        // The other half of the head makes log-variances, which nobody asks for here.
        _end = [(new PackedConvolution(weights["head"].Convolution().First(config.LatentDim), _stages[^1].Down.Pitch), ConvolutionReach.Centred(3))];
        _mean = autoencoder.LatentMean.ToSingles();
        _deviation = autoencoder.LatentDeviation.ToSingles();
    }

    /// <summary>Packs the weights of VoxCPM's encoder.</summary>
    /// <param name="vae">As with the other form. Weights that still lie in a file are read from there.</param>
    /// <param name="pool">As with the other form.</param>
    public FusedEncoder(AudioVae vae, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(vae);
        var encoder = vae.Encoder;
        (_hop, _pool) = (vae.Config.EncoderHop, pool);
        _stages = [.. encoder.Blocks.Select((block, i) => new EncoderStageWeights(i == 0 ? encoder.Enter : encoder.Blocks[i - 1].Down, block, first: i == 0))];
        var down = new PackedConvolution(ConvolutionWeight.Of(encoder.Blocks[^1].Down), _stages[^1].Down.Pitch);
        _end = [(down, ConvolutionReach.Of(encoder.Blocks[^1].Down)), (new PackedConvolution(ConvolutionWeight.Of(encoder.Mean), down.Pitch), ConvolutionReach.Of(encoder.Mean))];

        // These latents are used as they come.
        _mean = new float[vae.Config.LatentDim];
        _deviation = [.. Enumerable.Repeat(1f, vae.Config.LatentDim)];
    }

    /// <summary>Posterior means, standardised per channel, as the definition's Encode gives them.</summary>
    /// <param name="audio">[frames * hop] samples, -1..1.</param>
    /// <returns>[1, frames, D].</returns>
    /// <exception cref="ArgumentException">No whole number of frames.</exception>
    public Tensor Encode(ReadOnlySpan<float> audio)
    {
        if (audio.IsEmpty || audio.Length % _hop != 0)
            throw new ArgumentException($"Expected a multiple of {_hop} samples, found {audio.Length}.", nameof(audio));
        var frames = audio.Length / _hop;
        var latents = Tensor.Zeros(ElementType.Float32, 1, frames, _mean.Length);
        var values = latents.Values<float>();
        using var memory = new StreamMemory();
        var sink = new CodecSink();
        var most = Math.Min(frames, ChunkLatents) * _hop;
        var first = Start(memory, sink, most);
        fixed (float* place = values)
        {
            sink.Open(place, values.Length);
            while (!audio.IsEmpty)
            {
                var count = Math.Min(audio.Length, most);
                audio[..count].CopyTo(new Span<float>(first.Append(count), count));
                audio = audio[count..];
                first.Advance(audio.IsEmpty);
            }

            sink.Close();
        }

        GC.KeepAlive(this);
        return latents;
    }

    public void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[.. _stages, .. _end.Select(convolution => convolution.Weight)])
            part.Dispose();
    }

    private CodecStage Start(StreamMemory memory, CodecSink sink, int most)
    {
        var stages = new List<CodecStage>();
        foreach (var weights in _stages)
        {
            stages.Add(new EncoderStage(memory, weights, most, _pool));
            most = stages[^1].MostOutputs;
        }

        var pitch = _stages[^1].Down.Pitch;
        foreach (var (weight, reach) in _end)
        {
            stages.Add(new ConvolutionStage(memory, weight, reach, pitch, stages[^1].MostOutputs, _pool));
            pitch = weight.Pitch;
        }

        stages.Add(new LatentStage(memory, _mean, _deviation, stages[^1].MostOutputs, sink));
        for (var i = 0; i + 1 < stages.Count; i++)
            stages[i].Next = stages[i + 1];
        return stages[0];
    }
}
