// Training the speech tokenizer: reconstruct random crops. Two stages. Joint: encoder and decoder, z sampled from the posterior, with KL. Then the
// decoder alone on a frozen encoder, its input the mean plus posterior noise of random size (0 to 1 times), so that it learns both the exact
// latents and the blurred ones that DiTAR makes, while the latents stay what DiTAR was trained on.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Randomness;
using Ditar.Reference.Vae;

namespace Ditar.Learn;

public sealed record VaeTrainingOptions
{
    public int Batch { get; init; } = 16;

    public double CropSeconds { get; init; } = 0.6;

    public double DivergenceWeight { get; init; } = 0.03;

    public bool FreezeEncoder { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Held-out crops that are measured, always the same.</summary>
    public int HeldOutCrops { get; init; } = 32;
}

public sealed class VaeTraining : ITrainingTask
{
    // Crops of the two splits, latent noise and its size are draws of different seeds made from the one that the user gave.
    private const ulong HeldOutSeed = 0x68656c64;
    private const ulong NoiseSeed = 0x6e6f6973;
    private const string StatisticsPath = "latent_";
    private const int EvaluationBatch = 8;
    private const int SamplesPerVoice = 2;

    private readonly Arena evaluationMemory = new();
    private readonly Corpus corpus;

    private readonly Autoencoder model;
    private readonly IReadOnlyList<KeyValuePair<string, Tensor>> all;
    private readonly VaeTrainingOptions options;
    private readonly SpeechCrops training;
    private readonly SpeechCrops heldOut;
    private readonly SpectralLoss spectra;

    /// <param name="all">Every parameter of the model, by name.</param>
    public VaeTraining(Autoencoder model, IReadOnlyList<KeyValuePair<string, Tensor>> all, Corpus corpus, VaeTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        if (corpus.Header.SampleRate != model.Config.SampleRate)
            throw new TrainingException($"The corpus has {corpus.Header.SampleRate} Hz, the tokenizer needs {model.Config.SampleRate} Hz.");
        (this.model, this.all, this.corpus, this.options) = (model, all, corpus, options);
        Parameters = [.. all.Where(p => options.FreezeEncoder
            ? p.Key.StartsWith(VaeCheckpoint.DecoderPath, StringComparison.Ordinal)
            : !p.Key.StartsWith(StatisticsPath, StringComparison.Ordinal))];
        var hop = model.Config.Hop;
        var samples = Math.Max(1, (int)Math.Round(options.CropSeconds * model.Config.SampleRate / hop)) * hop;
        training = new SpeechCrops(corpus, CorpusSplit.Train, samples, options.Seed);
        heldOut = new SpeechCrops(corpus, CorpusSplit.HeldOut, samples, options.Seed ^ HeldOutSeed);
        spectra = new SpectralLoss(ElementType.Float32, new SpectralLossConfig { SampleRate = model.Config.SampleRate });
    }

    public string Name => options.FreezeEncoder ? "vae decoder" : "vae";

    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    public IReadOnlyList<CurvePanel> Panels { get; } =
    [
        new("log-mel distance", ["train_log_mel", "held_out_log_mel"], LogY: true),
        new("log-magnitude distance", ["train_log_magnitude", "held_out_log_magnitude"], LogY: true),
        new("spectral convergence", ["train_convergence", "held_out_convergence"], LogY: true),
        new("KL per dim (nat)", ["train_divergence", "held_out_divergence"]),
        new("gradient norm", ["gradient_norm"], LogY: true),
    ];

    public Tensor Loss(int step, int shard, int shards, Figures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        var first = options.Batch * shard / shards;
        var count = (options.Batch * (shard + 1) / shards) - first;
        if (count == 0) throw new TrainingException($"A batch of {options.Batch} does not fill {shards} shards.");
        var audio = training.Draw(step, first, count);                                             // [count, samples, 1]
        var posterior = model.Encoder.Forward(audio);
        var latents = posterior.Sample(Noise(step, first, posterior.Mean.Shape));
        var distance = spectra.Between(audio, model.Decoder.Forward(latents));
        var loss = distance.Total();
        Note(figures, "train", distance, posterior, count);
        if (!options.FreezeEncoder) loss += posterior.Divergence() * options.DivergenceWeight;
        figures.Add("train_loss", loss.Scalar(), count);
        return loss * ((double)count / options.Batch);
    }

    public void Evaluate(int step, Figures figures)
    {
        for (var first = 0; first < options.HeldOutCrops; first += EvaluationBatch)
        {
            using var scope = evaluationMemory.Open();
            var count = Math.Min(EvaluationBatch, options.HeldOutCrops - first);
            var audio = heldOut.Draw(0, first, count);
            var posterior = model.Encoder.Forward(audio);
            Note(figures, "held_out", spectra.Between(audio, model.Decoder.Forward(posterior.Mean)), posterior, count);
        }
    }

    /// <summary>Writes the checkpoint, and held-out utterances beside what the tokenizer makes of them: samples/ID-voice.wav and ID-voice-step-N.wav.</summary>
    public void Export(int step, string folder)
    {
        VaeCheckpoint.Save(folder, model.Config, all);
        var samples = Path.Combine(folder, "samples");
        Directory.CreateDirectory(samples);
        foreach (var voice in corpus.Header.Recipe.Voices)
        {
            foreach (var utterance in corpus.Select(CorpusSplit.HeldOut, voice: voice).Take(SamplesPerVoice))
            {
                using var scope = evaluationMemory.Open();
                var audio = corpus.Audio(utterance);
                var again = model.Decoder.Forward(model.Encoder.Forward(Tensor.From(audio, 1, audio.Length, 1)).Mean);
                var name = Path.Combine(samples, $"{utterance.Id}-{voice}");
                WavWriter.Write($"{name}.wav", audio, model.Config.SampleRate);
                WavWriter.Write($"{name}-step-{step}.wav", again.Values<float>(), model.Config.SampleRate);
            }
        }
    }

    // Standard normal draws; for the decoder alone each item's are multiplied by a uniform draw.
    private Tensor Noise(int step, int first, ReadOnlySpan<int> shape)
    {
        var (count, size) = (shape[0], shape[1] * shape[2]);
        var noise = new float[count * size];
        Span<float> amount = stackalloc float[1];
        for (var i = 0; i < count; i++)
        {
            var stream = SpeechCrops.Stream(step, first + i);
            var item = noise.AsSpan(i * size, size);
            NormalSource.FillNormal(options.Seed ^ NoiseSeed, stream, 0, item);
            if (!options.FreezeEncoder) continue;
            UniformSource.FillUniform(options.Seed ^ NoiseSeed, stream, 0, amount);
            foreach (ref var value in item) value *= amount[0];
        }

        return Tensor.From(noise, shape);
    }

    private static void Note(Figures figures, string split, SpectralDistance distance, Posterior posterior, int weight)
    {
        figures.Add($"{split}_convergence", distance.Convergence.Scalar(), weight);
        figures.Add($"{split}_log_magnitude", distance.LogMagnitude.Scalar(), weight);
        figures.Add($"{split}_log_mel", distance.LogMel.Scalar(), weight);
        figures.Add($"{split}_divergence", posterior.Divergence().Scalar(), weight);
    }
}
