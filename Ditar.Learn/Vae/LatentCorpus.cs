// The corpus as DiTAR sees it: for each utterance its scaled latents (posterior means, unit variance per channel) beside text, voice, split and
// phones. On disk: one safetensors file, all latents end to end in the corpus's order; texts and the rest stay in the corpus's index.

using System.Globalization;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Vae;

namespace Ditar.Learn;

/// <summary>Immutable once scaled; safe to read from several threads.</summary>
public sealed class LatentCorpus
{
    public const string FileName = "latents.safetensors";
    private const string TensorName = "latents";
    private const string ScaledKey = "scaled";

    private readonly float[] values;            // [frames, D], utterance after utterance
    private readonly int[] starts;              // first frame of each utterance
    private bool scaled;

    private LatentCorpus(IReadOnlyList<CorpusUtterance> utterances, int dim, int hop, float[]? values)
    {
        Utterances = utterances;
        Dim = dim;
        starts = new int[utterances.Count];
        long frames = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] = checked((int)frames);
            frames += utterances[i].Samples / hop;
        }

        Frames = checked((int)frames);
        this.values = values ?? new float[checked(Frames * dim)];
        if (this.values.Length != Frames * dim) throw new TrainingException($"The corpus has {Frames} latents of {dim}, the file {this.values.Length} numbers.");
    }

    /// <summary>Text, voice, split, phones (one for each latent), by id.</summary>
    public IReadOnlyList<CorpusUtterance> Utterances { get; }

    /// <summary>D.</summary>
    public int Dim { get; }

    /// <summary>Latents in all.</summary>
    public int Frames { get; }

    /// <summary>[frames, D] of an utterance.</summary>
    public ReadOnlySpan<float> Latents(CorpusUtterance utterance)
    {
        ArgumentNullException.ThrowIfNull(utterance);
        return Span(utterance.Id);
    }

    /// <summary>All utterances as DiTAR trains on them.</summary>
    public IReadOnlyList<LatentUtterance> ToUtterances() =>
        [.. Utterances.Select(u => new LatentUtterance(u.Text, u.Kind, u.Voice, u.Split, Latents(u).ToArray(), u.Phones))];

    /// <summary>Encodes every utterance, whole, unscaled.</summary>
    public static LatentCorpus Encode(Autoencoder model, Corpus corpus, int threads, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(corpus);
        var latents = new LatentCorpus(corpus.Utterances, model.Config.LatentDim, model.Config.Hop, null);
        var kernels = KernelSet.Current;
        Parallel.ForEach(
            corpus.Utterances,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
            () => new Arena(),
            (utterance, _, arena) =>
            {
                using var set = KernelSet.Use(kernels);
                using var scope = arena.Open();
                model.Encoder.Forward(Tensor.From(corpus.Audio(utterance), 1, utterance.Samples, 1)).Mean.Values<float>().CopyTo(latents.Span(utterance.Id));
                return arena;
            },
            _ => { });
        return latents;
    }

    /// <summary>Makes mean 0 and variance 1 of every channel over the training split, and hands out what it took.</summary>
    /// <param name="mean">[D].</param>
    /// <param name="deviation">[D].</param>
    public void Standardise(Span<float> mean, Span<float> deviation)
    {
        if (scaled) throw new InvalidOperationException("These latents are scaled already.");
        double[] sum = new double[Dim], squares = new double[Dim];
        long count = 0;
        foreach (var utterance in Utterances.Where(u => u.Split == CorpusSplit.Train))
        {
            var own = Span(utterance.Id);
            for (var i = 0; i < own.Length; i++)
            {
                sum[i % Dim] += own[i];
                squares[i % Dim] += (double)own[i] * own[i];
            }

            count += own.Length / Dim;
        }

        if (count == 0) throw new TrainingException("The corpus has no training utterance.");
        for (var c = 0; c < Dim; c++)
        {
            mean[c] = (float)(sum[c] / count);
            // A channel that the encoder does not use must not become noise of unit variance.
            deviation[c] = (float)Math.Sqrt(Math.Max(1e-6, (squares[c] / count) - (sum[c] / count * (sum[c] / count))));
        }

        for (var i = 0; i < values.Length; i++) values[i] = (values[i] - mean[i % Dim]) / deviation[i % Dim];
        scaled = true;
    }

    public void Save(string path)
    {
        if (!scaled) throw new InvalidOperationException("Latents are stored scaled; standardise them first.");
        var writer = new SafetensorsWriter();
        writer.Metadata[ScaledKey] = bool.TrueString;
        writer.Metadata["hop"] = (Utterances.Sum(u => (long)u.Samples) / Frames).ToString(CultureInfo.InvariantCulture);
        writer.Add(TensorName, [Frames, Dim], values);
        writer.Save(path);
    }

    /// <param name="path">Written by <see cref="Save"/>.</param>
    /// <param name="corpusFolder">The corpus that was encoded; only its index is read.</param>
    /// <exception cref="TrainingException">The two do not belong together.</exception>
    public static LatentCorpus Load(string path, string corpusFolder)
    {
        var utterances = Corpus.ReadIndex(Path.Combine(corpusFolder, Corpus.IndexFile));
        using var file = SafetensorsFile.Open(path);
        var entry = file[TensorName];
        if (entry.Shape.Count != 2 || entry.Shape[0] * entry.Shape[1] > int.MaxValue || entry.Shape[0] == 0)
            throw new TrainingException($"{path}: expected {TensorName} [latents, D], found {entry.Shape.Count} axes.");
        if (!int.TryParse(file.Metadata.GetValueOrDefault("hop"), NumberStyles.None, CultureInfo.InvariantCulture, out var hop) || hop == 0)
            throw new TrainingException($"{path}: expected the samples per latent in its metadata, found none.");
        var values = new float[entry.Shape[0] * entry.Shape[1]];
        file.ReadFloat32(TensorName, values);
        return new LatentCorpus(utterances, (int)entry.Shape[1], hop, values) { scaled = true };
    }

    private Span<float> Span(int utterance)
    {
        var end = utterance + 1 < starts.Length ? starts[utterance + 1] : Frames;
        return values.AsSpan(starts[utterance] * Dim, (end - starts[utterance]) * Dim);
    }
}
