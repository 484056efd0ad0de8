// Held-out evaluation of a checkpoint (model card figures): reconstruction by the tokenizer, then speech from text against flite's reading of the
// same words: mel-cepstral distortion, retrieval among 50 candidates, length, digits through an outside recogniser, pitch of the voice.

using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;

namespace Ditar.Learn;

/// <param name="Sentences">Candidates per voice, all generated.</param>
/// <param name="Digits">Digit strings per voice.</param>
public sealed record EvaluationOptions(SamplerOptions Sampler, int Sentences = 50, int Digits = 30, int Reconstructions = 24, int Threads = 2);

/// <summary>One generated utterance beside its reference.</summary>
/// <param name="Stopped">The stop head ended it; false when it ran to the limit.</param>
public sealed record SpokenItem(CorpusUtterance Reference, float[] ReferenceAudio, float[] Audio, bool Stopped);

public sealed record VoiceScores(
    string Voice, int Candidates, int Retrieved, double Distortion, LengthScore Length, double? MedianF0, double? ReferenceF0,
    WordErrors? Digits, WordErrors? FliteDigits);

/// <param name="speaker">Made of the same checkpoint.</param>
public sealed class SpeechEvaluation(DitarCheckpoint checkpoint, SpeakingModel speaker, Corpus corpus, EvaluationOptions options)
{
    /// <summary>Why digits are not scored; null when they are.</summary>
    public string? NoDigits { get; } = DigitRecogniser.WhyUnavailable();

    /// <summary>Mean absolute difference of log-mels and mel-cepstral distortion (dB) of held-out speech through the tokenizer.</summary>
    public (double LogMel, double Distortion) Reconstruction()
    {
        CorpusUtterance[] utterances = [.. corpus.Select(CorpusSplit.HeldOut).Take(options.Reconstructions)];
        var mel = new double[utterances.Length];
        var distortion = new double[utterances.Length];
        Each(utterances.Length, i =>
        {
            var original = corpus.Audio(utterances[i]);
            var latents = checkpoint.Autoencoder.Encode(Ditar.Reference.Tensor.From(original, 1, original.Length, 1));
            var rebuilt = checkpoint.Autoencoder.Decode(latents).ToSingles();
            var (a, b) = (Retrieval.Features(original), Retrieval.Features(rebuilt));
            mel[i] = a.Values.Zip(b.Values, (x, y) => Math.Abs(x - y)).Average();
            distortion[i] = MelCepstrum.DistortionUnwarped(MelCepstrum.Compute(original), MelCepstrum.Compute(rebuilt));
        });
        return (mel.Average(), distortion.Average());
    }

    /// <summary>All scores of one voice, and what was spoken.</summary>
    public (VoiceScores Scores, IReadOnlyList<SpokenItem> Sentences, IReadOnlyList<SpokenItem> DigitStrings) Score(Voice voice, CancellationToken cancellation)
    {
        CorpusUtterance[] held = [.. corpus.Select(CorpusSplit.HeldOut, voice: voice.Name)];
        var sentences = Speak(voice, [.. held.Where(u => u.Kind is TextKind.Sentence or TextKind.Combination).Take(options.Sentences)], cancellation);
        var digits = Speak(voice, [.. held.Where(u => u.Kind is TextKind.Digits && u.Text.Split(' ').Length is >= 3 and <= 6).Take(options.Digits)], cancellation);
        if (sentences.Length == 0 || digits.Length == 0) throw new CorpusException($"The corpus holds out no sentences or digits of the voice {voice.Name}.");

        var retrieval = new Retrieval(sentences.Select(s => s.ReferenceAudio));
        var nearest = new int[sentences.Length];
        var distortion = new double[sentences.Length];
        Each(sentences.Length, i =>
        {
            nearest[i] = retrieval.Nearest(sentences[i].Audio);
            distortion[i] = MelCepstrum.Distortion(sentences[i].Audio, sentences[i].ReferenceAudio);
        });
        SpokenItem[] all = [.. sentences, .. digits];
        var scores = new VoiceScores(
            voice.Name, sentences.Length, nearest.Where((n, i) => n == i).Count(), distortion.Average(),
            LengthScore.Of([.. all.Select(s => ((double)s.Audio.Length, (double)s.ReferenceAudio.Length, s.Stopped))]),
            MeanPitch(all.Select(s => s.Audio)), MeanPitch(all.Select(s => s.ReferenceAudio)),
            NoDigits is null ? DigitRecogniser.Score([.. digits.Select(d => d.Reference.Text)], [.. digits.Select(d => d.Audio)], cancellation) : null,
            NoDigits is null ? DigitRecogniser.Score([.. digits.Select(d => d.Reference.Text)], [.. digits.Select(d => d.ReferenceAudio)], cancellation) : null);
        return (scores, sentences, digits);
    }

    private SpokenItem[] Speak(Voice voice, CorpusUtterance[] utterances, CancellationToken cancellation)
    {
        var items = new SpokenItem[utterances.Length];
        var prompt = new SpeechPrompt(checkpoint.Tokenizer.Encode(voice.Text + " ").Ids, voice.Latents);
        Each(utterances.Length, i =>
        {
            var utterance = utterances[i];
            var limit = (2 * utterance.Patches) + 10;
            var request = new GenerationRequest(checkpoint.Tokenizer.Encode(utterance.Text).Ids, options.Sampler with { Seed = options.Sampler.Seed + (ulong)utterance.Id })
            {
                Prompt = prompt,
                MaxPatches = limit,
                StopThreshold = checkpoint.Config.Sampling.StopThreshold,
            };
            var patches = speaker.Speak(request, cancellation);
            items[i] = new SpokenItem(
                utterance, corpus.Audio(utterance), [.. patches.SelectMany(p => p.Samples)], patches[^1].StopProbability >= checkpoint.Config.Sampling.StopThreshold);
        });
        return items;
    }

    private void Each(int count, Action<int> body)
    {
        var kernels = KernelSet.Current;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, i =>
        {
            using var scope = KernelSet.Use(kernels);
            body(i);
        });
    }

    private static double? MeanPitch(IEnumerable<float[]> recordings)
    {
        double[] pitches = [.. recordings.Select(r => FundamentalFrequency.Median(r)).OfType<double>()];
        return pitches.Length == 0 ? null : pitches.Average();
    }
}
