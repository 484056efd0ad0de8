// The silence of a text that is spoken in several utterances: before the first sound of each, between its sounds and after the last one it is bounded, and
// what a model goes on with after it has said everything is cut. Works on a stream: sound passes at once, only silence is held back until it is known what
// follows it. A text of one utterance does not come here and sounds exactly as the model made it.

namespace Ditar.Edge;

/// <param name="sampleRate">In Hz.</param>
internal sealed class Pauses(int sampleRate)
{
    /// <summary>Longest silence before the first sound of an utterance, between two sounds, and after the last, in seconds.</summary>
    public const double Before = 0.1, Inside = 0.8, After = 0.15;

    // Silence is what stays 40 dB below the loudest sample so far, or 60 dB below full scale.
    private const float Level = 0.01f;
    private const float Floor = 0.001f;

    private readonly int frame = Math.Max(1, sampleRate / 100);
    private readonly List<float> pending = [], silence = [];
    private float loudest;
    private bool sounded;

    /// <param name="samples">The next of an utterance.</param>
    /// <param name="last">It ends with them.</param>
    /// <returns>What can be heard now.</returns>
    public float[] Pass(ReadOnlySpan<float> samples, bool last)
    {
        var heard = new List<float>(samples.Length);
        pending.AddRange(samples);
        var done = 0;
        for (; pending.Count - done >= frame || (last && done < pending.Count); done += Math.Min(frame, pending.Count - done))
            Take(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pending).Slice(done, Math.Min(frame, pending.Count - done)), heard);
        pending.RemoveRange(0, Math.Min(done, pending.Count));
        if (!last) return [.. heard];
        heard.AddRange(silence[..Math.Min(silence.Count, Samples(After))]);
        silence.Clear();
        sounded = false;
        return [.. heard];
    }

    private void Take(ReadOnlySpan<float> samples, List<float> heard)
    {
        var peak = 0f;
        foreach (var sample in samples) peak = Math.Max(peak, Math.Abs(sample));
        loudest = Math.Max(loudest, peak);
        if (peak < Math.Max(Floor, Level * loudest))
        {
            silence.AddRange(samples);
            return;
        }

        // Before the first sound what lies next to it is kept, between two sounds what lies next to each.
        var bound = Samples(sounded ? Inside : Before);
        var first = sounded ? bound / 2 : 0;
        if (silence.Count > bound) silence.RemoveRange(first, silence.Count - bound);
        heard.AddRange(silence);
        silence.Clear();
        heard.AddRange(samples);
        sounded = true;
    }

    private int Samples(double seconds) => (int)(seconds * sampleRate);
}
