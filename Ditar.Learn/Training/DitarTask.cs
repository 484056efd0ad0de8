// Training DiTAR: L_diff + c L_stop, and a phone head that only training has (recipe, section 4): h says which phone sounds at the centre of
// each latent of the patch it conditions, which makes the text be read early. The model that ships has no trace of it.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Learn;

/// <param name="PhoneWeight">0 leaves the phone head out.</param>
public sealed record DitarTaskOptions(CurriculumOptions Curriculum, BatchDraws Draws, DitarLossOptions Loss, double PhoneWeight = 0.3);

public sealed class DitarTask : ITrainingTask
{
    public const string ModelFile = "model.safetensors";
    private const string PhoneScope = "phones";
    private readonly DitarTaskOptions options;
    private readonly DitarModel model;
    private readonly Linear? phoneHead;
    private readonly DitarCurriculum curriculum;
    private readonly DitarBatchBuilder builder;
    private readonly TrainingItem[][] heldOut;
    private readonly Autoencoder? autoencoder;

    /// <param name="autoencoder">Makes the samples heard that are written while training; null for none.</param>
    public DitarTask(
        DitarConfig config, IReadOnlyList<LatentUtterance> utterances, DitarBatchBuilder builder, DitarTaskOptions options, Autoencoder? autoencoder = null)
    {
        this.autoencoder = autoencoder;
        this.options = options;
        this.builder = builder;
        var source = new RandomParameters(ElementType.Float32, options.Curriculum.Seed);
        model = new DitarModel(source, config);
        phoneHead = options.PhoneWeight > 0
            ? new Linear(source.Root[PhoneScope], config.LanguageModel.Width, config.PatchSize * PhoneTable.Symbols.Count, bias: true, new Start.Normal(0.02))
            : null;
        Parameters = source.Taken;
        curriculum = new DitarCurriculum(utterances, config, options.Curriculum);
        heldOut = HeldOut(utterances, config);
    }

    public string Name => "ditar";

    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    public IReadOnlyList<CurvePanel> Panels { get; } =
    [
        new("diffusion loss", ["diffusion", "held_out_diffusion"], LogY: true),
        new("phones, cross-entropy (nat)", ["phones", "held_out_phones"], LogY: true),
        new("stop, cross-entropy (nat)", ["stop", "held_out_stop"], LogY: true),
        new("gradient norm", ["gradient_norm"], LogY: true),
        new("learning rate", ["rate"]),
    ];

    public Tensor Loss(int step, int shard, int shards, Figures figures)
    {
        // Items are sorted by length: dealing them out in turn gives the shards equal work.
        var items = curriculum.Batch(step);
        TrainingItem[] own = [.. items.Where((_, i) => i % shards == shard)];
        var total = items.Sum(Patches);
        var share = (double)own.Sum(Patches) / total;
        var packed = builder.Pack(own, options.Draws, options.Curriculum.Seed, ((ulong)step * 64) + (ulong)shard);
        return Loss(packed, share, "", figures) * share;
    }

    public void Evaluate(int step, Figures figures)
    {
        var arena = new Arena();
        for (var i = 0; i < heldOut.Length; i++)
        {
            using var scope = arena.Open();
            var packed = builder.Pack(heldOut[i], BatchDraws.Clean, seed: 20251121, stream: (ulong)i);
            Loss(packed, packed.Batch.Last.Length, "held_out_", figures);
        }
    }

    public void Export(int step, string folder)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata["step"] = step.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, tensor) in Parameters)
        {
            if (!name.StartsWith(PhoneScope + ".", StringComparison.Ordinal))
                writer.Add(name, [.. tensor.Shape.ToArray().Select(e => (long)e)], tensor.ToSingles());
        }

        writer.Save(Path.Combine(folder, ModelFile));
        if (autoencoder is not null) Speak(autoencoder, step, folder);
    }

    // The first held-out texts in the voice of their prompts, and from no prompt: what the figures sound like.
    private void Speak(Autoencoder voice, int step, string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "samples"));
        var (patch, dim) = (model.Config.PatchSize, model.Config.LatentDim);
        foreach (var (item, number) in heldOut.SelectMany(batch => batch).Take(4).Select((item, number) => (item, number)))
        {
            var prompt = item.Prompt is { } p ? new SpeechPrompt(SpeechSymbols.Of(p.Text + " "), Tensor.From(p.Latents, curriculum.Patches(p), patch, dim)) : null;
            var request = new GenerationRequest(SpeechSymbols.Of(item.Utterance.Text), new SamplerOptions())
            {
                Prompt = prompt,
                MaxPatches = (2 * curriculum.Patches(item.Utterance)) + 10,
            };
            var loop = new GenerationLoop(model, new VaeVocoder(voice), SpeechSymbols.AudioStart);
            float[] samples = [.. loop.Generate(request).SelectMany(made => made.Samples)];
            WavWriter.Write(Path.Combine(folder, "samples", $"step-{step}-{number}.wav"), samples, voice.Config.SampleRate);
        }
    }

    private Tensor Loss(PackedBatch packed, double weight, string prefix, Figures figures)
    {
        var terms = DitarLoss.Compute(model, packed.Batch, options.Loss);
        figures.Add(prefix + "diffusion", terms.Diffusion.Scalar(), weight);
        figures.Add(prefix + "stop", terms.Stop.Scalar(), weight);
        if (phoneHead is null) return terms.Total;
        var logits = phoneHead.Forward(terms.Conditions).Reshape(-1, PhoneTable.Symbols.Count);    // [N * P, phones]
        var phones = logits.CrossEntropy(packed.Phones);
        figures.Add(prefix + "phones", phones.Scalar(), weight);
        return terms.Total + (phones * options.PhoneWeight);
    }

    private int Patches(TrainingItem item) => curriculum.Patches(item.Utterance) + (item.Prompt is null ? 0 : curriculum.Patches(item.Prompt));

    // 48 utterances, every other with a prompt of the training set, six at a time.
    private static TrainingItem[][] HeldOut(IReadOnlyList<LatentUtterance> utterances, DitarConfig config)
    {
        var random = TextRandom.For(48, 0);
        LatentUtterance[] test = [.. utterances.Where(u => u.Split == CorpusSplit.HeldOut)];
        random.Shuffle<LatentUtterance>(test);
        var prompts = utterances.Where(u => u.Split == CorpusSplit.Train && u.Latents.Length <= 16 * config.PatchSize * config.LatentDim)
            .GroupBy(u => u.Voice).ToDictionary(g => g.Key, g => g.ToArray());
        return [.. test.Take(48).Select((u, i) => new TrainingItem(u, i % 2 == 0 ? null : random.Pick(prompts[u.Voice]))).Chunk(6)];
    }
}
