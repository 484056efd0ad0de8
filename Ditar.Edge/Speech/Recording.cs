// A recording as a VoxCPM model hears it: one channel at the encoder's rate, full length (the official code cuts nothing either). What was done is said.

using Ditar.Reference.Files;
using Ditar.Reference.Signal;

namespace Ditar.Edge;

internal static class Recording
{
    /// <summary>In seconds; a reference of five to twenty is enough.</summary>
    public const double Longest = 120;

    /// <exception cref="SpeechException">Too long, silent in the sense of holding nothing, or at a rate that is no speech.</exception>
    /// <exception cref="AudioFileException">No WAV file.</exception>
    public static float[] Read(string path, int rate, Action<string>? notice)
    {
        var audio = WavFile.Read(path, TimeSpan.FromSeconds(Longest + 1));
        foreach (var warning in audio.Warnings) notice?.Invoke($"{path}: {warning}");
        if (audio.Duration.TotalSeconds > Longest) throw new SpeechException($"{path} lasts {audio.Duration.TotalSeconds:0.0} s; at most {Longest:0} s can be heard");
        var mono = audio.ToMono();
        if (mono.Length == 0) throw new SpeechException($"{path} holds no sound");
        if (audio.SampleRate == rate) return mono;
        if ((long)audio.SampleRate * Resampler.MaximumRatio < rate || (long)rate * Resampler.MaximumRatio < audio.SampleRate)
            throw new SpeechException($"{path} has {audio.SampleRate} samples a second; that is no speech the model could hear at {rate}");
        notice?.Invoke($"{path}: resampled from {audio.SampleRate} to {rate} Hz");
        return Resampler.Resample(mono, audio.SampleRate, rate);
    }
}
