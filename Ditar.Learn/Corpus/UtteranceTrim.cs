// From flite's audio to a training utterance: the silence around the speech is cut, the rest padded to whole patches, and each latent
// frame gets the phone spoken at its centre (recipe section 1 and the phone labels of section 4).

namespace Ditar.Learn;

/// <summary>Trimmed audio with a phone for each latent frame.</summary>
/// <param name="Samples">A multiple of <see cref="UtteranceTrim.PatchSamples"/> samples.</param>
/// <param name="Phones">[samples / <see cref="UtteranceTrim.FrameSamples"/>] phone numbers of <see cref="PhoneTable"/>.</param>
public sealed record TrimmedUtterance(short[] Samples, int[] Phones);

/// <summary>Trims, pads and labels utterances.</summary>
public static class UtteranceTrim
{
    /// <summary>Samples of a latent frame: 40 Hz at 16 kHz.</summary>
    public const int FrameSamples = 400;

    /// <summary>Samples of a patch of P = 4 latent frames.</summary>
    public const int PatchSamples = 4 * FrameSamples;

    private const double KeptBefore = 0.05;
    private const double KeptAfter = 0.1;
    private const string Pause = "pau";

    /// <summary>Keeps 0.05 s before the first phone that is not a pause and 0.1 s after the last, then pads with zeros to whole patches.</summary>
    /// <exception cref="CorpusException">The utterance holds no speech.</exception>
    public static TrimmedUtterance Apply(FliteUtterance utterance)
    {
        ArgumentNullException.ThrowIfNull(utterance);
        var (firstStart, lastEnd) = SpeechSpan(utterance.Phones);
        int start = Math.Clamp((int)Math.Round((firstStart - KeptBefore) * Flite.SampleRate), 0, utterance.Samples.Length);
        int end = Math.Clamp((int)Math.Round((lastEnd + KeptAfter) * Flite.SampleRate), start, utterance.Samples.Length);
        if (end == start) throw new CorpusException($"the speech from {firstStart:F3} s to {lastEnd:F3} s lies outside the {utterance.Samples.Length} samples of audio");

        int patches = (end - start + PatchSamples - 1) / PatchSamples;
        var samples = new short[patches * PatchSamples];
        utterance.Samples.AsSpan(start, end - start).CopyTo(samples);
        return new TrimmedUtterance(samples, FramePhones(utterance.Phones, start, samples.Length / FrameSamples));
    }

    private static (double FirstStart, double LastEnd) SpeechSpan(IReadOnlyList<TimedPhone> phones)
    {
        double firstStart = -1, lastEnd = 0, previousEnd = 0;
        foreach (var (symbol, end) in phones)
        {
            if (symbol != Pause)
            {
                if (firstStart < 0) firstStart = previousEnd;
                lastEnd = end;
            }

            previousEnd = end;
        }

        return firstStart >= 0 ? (firstStart, lastEnd) : throw new CorpusException("expected at least one phone besides pauses, found none");
    }

    private static int[] FramePhones(IReadOnlyList<TimedPhone> phones, int start, int frames)
    {
        var numbers = new int[frames];
        int phone = 0;
        for (int frame = 0; frame < frames; frame++)
        {
            double centre = (start + (frame + 0.5) * FrameSamples) / Flite.SampleRate;
            while (phone < phones.Count && phones[phone].End <= centre) phone++;
            numbers[frame] = PhoneTable.NumberOf(phone < phones.Count ? phones[phone].Symbol : Pause);
        }

        return numbers;
    }
}
