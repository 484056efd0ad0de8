// The fused decoder as the generation loop sees it: the counterpart of Ditar.Reference/Vae/VaeVocoder. Latents in any pieces give the same bits as all of
// them at once, with any number of threads; against the definition the samples differ by rounding only, and their number after each piece not at all.

using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <summary>Streams over one copy of packed weights. Streams may run on different threads at the same time; one stream is for one thread at a time.</summary>
public sealed unsafe class FusedVocoder : IVocoder, IDisposable
{
    private readonly FusedDecoder _decoder;
    private readonly WorkerPool? _pool;
    private readonly float[] _mean, _deviation;

    /// <summary>Packs the decoder's weights.</summary>
    /// <param name="autoencoder">In any element type; its weights are copied as float32.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The samples have the same bits either way.</param>
    public FusedVocoder(Autoencoder autoencoder, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        (SampleRate, Hop, LatentDim, LookAhead) = (autoencoder.Config.SampleRate, autoencoder.Config.Hop, autoencoder.Config.LatentDim, autoencoder.Decoder.LookAhead);
        var before = NativeBuffer.BytesByThread;
        _decoder = FusedDecoder.Create(CodecWeights.Of(autoencoder)["decoder"], autoencoder.Config);
        Bytes = NativeBuffer.BytesByThread - before;
        _pool = pool;
        _mean = autoencoder.LatentMean.ToSingles();
        _deviation = autoencoder.LatentDeviation.ToSingles();
    }

    /// <summary>Packs the weights of VoxCPM's decoder, for the output rate it is configured for.</summary>
    /// <param name="vae">In any element type; its weights are copied as float32.</param>
    /// <param name="pool">As with the other form.</param>
    /// <exception cref="NotSupportedException">The model has a part that no released model has: the noise block, or a rate condition with layers of its own.</exception>
    public FusedVocoder(AudioVae vae, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(vae);
        (SampleRate, Hop, LatentDim, LookAhead) = (vae.Config.OutputRate, vae.Config.DecoderHop, vae.Config.LatentDim, vae.Decoder.LookAhead);
        var before = NativeBuffer.BytesByThread;
        _decoder = new FusedAudioVae(vae.Decoder);
        Bytes = NativeBuffer.BytesByThread - before;
        _pool = pool;

        // These latents are used as they come.
        _mean = new float[LatentDim];
        _deviation = [.. Enumerable.Repeat(1f, LatentDim)];
    }

    public int SampleRate { get; }

    public int Hop { get; }

    /// <summary>D.</summary>
    public int LatentDim { get; }

    /// <summary>Native memory that the weights take; each stream has work areas of its own beside them.</summary>
    public long Bytes { get; }

    /// <summary>Latents that must follow a latent before all of its samples come out.</summary>
    public int LookAhead { get; }

    /// <inheritdoc/>
    /// <remarks>The stream's memory is freed with its last piece, by its Dispose, or by the finaliser.</remarks>
    public IVocoderState Start() => new Stream(this);

    /// <summary>Frees the weights. No stream may run afterwards.</summary>
    public void Dispose() => _decoder.Dispose();

    private sealed class Stream : IVocoderState
    {
        private readonly FusedVocoder _vocoder;
        private readonly StreamMemory _memory = new();
        private readonly CodecSink _sink = new();
        private readonly CodecStage[] _stages;
        private long _latents, _samples;
        private bool _ended;

        public Stream(FusedVocoder vocoder)
        {
            _vocoder = vocoder;
            _stages = vocoder._decoder.Start(_memory, vocoder._pool, _sink);
        }

        public float[] Push(Tensor latents, bool last)
        {
            ArgumentNullException.ThrowIfNull(latents);
            var dim = _vocoder.LatentDim;
            if (latents.Rank != 2 || latents[1] != dim)
                throw new ArgumentException($"Expected latents [frames, {dim}], found {latents}.", nameof(latents));
            if (_ended)
                throw new InvalidOperationException("The last piece of this stream was already pushed; start another.");
            _ended = last;
            var values = latents.Type == ElementType.Float32 ? latents.Values<float>() : latents.ToSingles();
            var total = Outputs(_latents + latents[0], last);
            var samples = total == _samples ? [] : GC.AllocateUninitializedArray<float>(checked((int)(total - _samples)));
            fixed (float* place = samples)
            {
                _sink.Open(place, samples.Length);
                Run(values, last);
                _sink.Close();
            }

            _samples = total;
            if (last)
                _memory.Dispose();
            GC.KeepAlive(_vocoder);
            return samples;
        }

        public void Dispose()
        {
            _ended = true;
            _memory.Dispose();
        }

        private long Outputs(long latents, bool last)
        {
            foreach (var stage in _stages)
                latents = stage.Outputs(latents, last);
            return latents;
        }

        private void Run(ReadOnlySpan<float> values, bool last)
        {
            var dim = _vocoder.LatentDim;
            var (mean, deviation) = (_vocoder._mean, _vocoder._deviation);
            do
            {
                var frames = Math.Min(values.Length / dim, _vocoder._decoder.ChunkLatents);
                var place = _stages[0].Append(frames);
                for (var i = 0; i < frames * dim; i++)
                    place[i] = (values[i] * deviation[i % dim]) + mean[i % dim];
                values = values[(frames * dim)..];
                _latents += frames;
                _stages[0].Advance(last && values.IsEmpty);
            }
            while (!values.IsEmpty);
        }
    }
}
