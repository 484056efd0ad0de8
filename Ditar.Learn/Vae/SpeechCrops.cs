// Random pieces of training speech: which utterance, where, how loud. A crop is a function of (seed, step, item) and nothing else.

using Ditar.Reference;
using Ditar.Reference.Randomness;

namespace Ditar.Learn;

/// <param name="samples">Length of a crop; shorter utterances are followed by zeros.</param>
public sealed class SpeechCrops(Corpus corpus, CorpusSplit split, int samples, ulong seed)
{
    // Gain in dB, drawn uniformly between plus and minus this.
    private const double GainSpread = 3;

    private readonly CorpusUtterance[] utterances = [.. corpus.Select(split)];

    public int Samples => samples;

    /// <summary>Where the draws of an item begin: other draws of the same item use the same stream.</summary>
    public static ulong Stream(int step, int item) => ((ulong)step << 20) | (uint)item;

    /// <returns>[count, samples, 1].</returns>
    public Tensor Draw(int step, int firstItem, int count)
    {
        if (utterances.Length == 0) throw new TrainingException("The corpus has no utterance for this split.");
        var values = new float[count * samples];
        for (var i = 0; i < count; i++)
        {
            var random = new RandomSequence(seed, Stream(step, firstItem + i));
            var pcm = corpus.Pcm(utterances[random.NextBelow(utterances.Length)]);
            var start = pcm.Length > samples ? random.NextBelow(pcm.Length - samples + 1) : 0;
            var gain = Math.Pow(10, GainSpread * ((2 * random.NextUniform()) - 1) / 20) / 32768;
            var crop = pcm.Slice(start, Math.Min(samples, pcm.Length - start));
            for (var t = 0; t < crop.Length; t++) values[(i * samples) + t] = (float)(crop[t] * gain);
        }

        return Tensor.From(values, count, samples, 1);
    }
}
