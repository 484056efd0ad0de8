// Sound in memory as a WAV file gave it.
namespace Ditar.Reference.Files;

/// <param name="Samples">[frame * channel], the channels of a frame beside each other; full scale is -1 .. 1.</param>
/// <param name="SampleRate">Frames per second.</param>
/// <param name="Channels">At least 1.</param>
/// <param name="Warnings">What the file got wrong and how it was read all the same; empty for a good file.</param>
public sealed record WavAudio(float[] Samples, int SampleRate, int Channels, IReadOnlyList<string> Warnings)
{
    public int Frames => Samples.Length / Channels;

    public TimeSpan Duration => TimeSpan.FromSeconds((double)Frames / SampleRate);

    /// <summary>[frame]: the mean of the channels, so that nothing can clip; the samples themselves when there is one channel.</summary>
    public float[] ToMono()
    {
        if (Channels == 1)
            return Samples;
        var mono = new float[Frames];
        for (var frame = 0; frame < mono.Length; frame++)
        {
            double sum = 0;
            for (var channel = 0; channel < Channels; channel++)
                sum += Samples[frame * Channels + channel];
            mono[frame] = (float)(sum / Channels);
        }

        return mono;
    }
}
