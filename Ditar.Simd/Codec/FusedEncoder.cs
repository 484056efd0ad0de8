// The fused encoder: the counterpart of Autoencoder.Encode for one recording. It runs as a stream over the recording, so its memory does not grow with it.

using Ditar.Reference;
using Ditar.Reference.Vae;

namespace Ditar.Simd;

/// <summary>Audio to scaled latents. Safe for concurrent use.</summary>
public sealed unsafe class FusedEncoder : IDisposable
{
    // Samples that pass the chain together: a first stage of some hundred steps.
    private const int ChunkSamples = 6_400;

    private readonly VaeConfig _config;
    private readonly WorkerPool? _pool;
    private readonly EncoderStageWeights[] _stages;
    private readonly PackedConvolution _head;
    private readonly float[] _mean, _deviation;

    /// <summary>Packs the encoder's weights.</summary>
    /// <param name="autoencoder">In any element type; its weights are copied as float32.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The latents have the same bits either way.</param>
    public FusedEncoder(Autoencoder autoencoder, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        var weights = CodecWeights.Of(autoencoder)["encoder"];
        (_config, _pool) = (autoencoder.Config, pool);
        _stages = [.. _config.Strides.Select((stride, i) => new EncoderStageWeights(weights["stages"][i], stride, first: i == 0))];

        // The other half of the head makes log-variances, which nobody asks for here.
        _head = new PackedConvolution(weights["head"].Convolution().First(_config.LatentDim), _stages[^1].Down.Pitch);
        _mean = autoencoder.LatentMean.ToSingles();
        _deviation = autoencoder.LatentDeviation.ToSingles();
    }

    /// <summary>Posterior means, standardised per channel, as <see cref="Autoencoder.Encode"/> gives them.</summary>
    /// <param name="audio">[frames * hop] samples, -1..1.</param>
    /// <returns>[1, frames, D].</returns>
    /// <exception cref="ArgumentException">No whole number of frames.</exception>
    public Tensor Encode(ReadOnlySpan<float> audio)
    {
        var hop = _config.Hop;
        if (audio.IsEmpty || audio.Length % hop != 0)
            throw new ArgumentException($"Expected a multiple of {hop} samples, found {audio.Length}.", nameof(audio));
        var frames = audio.Length / hop;
        var latents = Tensor.Zeros(ElementType.Float32, 1, frames, _config.LatentDim);
        var values = latents.Values<float>();
        using var memory = new StreamMemory();
        var sink = new CodecSink();
        var first = Start(memory, sink);
        fixed (float* place = values)
        {
            sink.Open(place, values.Length);
            while (!audio.IsEmpty)
            {
                var count = Math.Min(audio.Length, ChunkSamples);
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
        foreach (var stage in _stages)
            stage.Dispose();
        _head.Dispose();
    }

    private CodecStage Start(StreamMemory memory, CodecSink sink)
    {
        var stages = new List<CodecStage>();
        var most = ChunkSamples;
        foreach (var weights in _stages)
        {
            stages.Add(new EncoderStage(memory, weights, most, _pool));
            most = stages[^1].MostOutputs;
        }

        stages.Add(new ConvolutionStage(memory, _head, ConvolutionReach.Centred(3), _stages[^1].Down.Pitch, most, _pool));
        stages.Add(new LatentStage(memory, _mean, _deviation, stages[^1].MostOutputs, sink));
        for (var i = 0; i + 1 < stages.Count; i++)
            stages[i].Next = stages[i + 1];
        return stages[0];
    }
}
