// A recording made into a voice prompt: mixed to one channel, brought to the model's sample rate, silence at the ends cut as in the training
// speech, filled up to whole patches, encoded. Everything that was done to it is said.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Signal;
using Ditar.Reference.Speech;

namespace Ditar.Edge;

internal static class VoicePrompt
{
    /// <summary>Longest recording in seconds; about two are best.</summary>
    public const double LongestSeconds = 30;

    private const double LongSeconds = 5;
    private const double ShortestSeconds = 0.3;

    // The training speech keeps this much before the first and after the last sound (recipe, section 1).
    private const double SilenceBefore = 0.05;
    private const double SilenceAfter = 0.1;

    // What lies 46 dB below the loudest sample is silence.
    private const float SilenceLevel = 0.005f;

    /// <param name="encode">Samples to latents [1, frames, D].</param>
    /// <returns>[patches, P, D], scaled.</returns>
    public static Tensor Encode(DitarCheckpoint checkpoint, Func<float[], Tensor> encode, WavAudio audio, Action<string>? notice)
    {
        foreach (var warning in audio.Warnings) notice?.Invoke($"voice prompt: {warning}");
        if (audio.Duration.TotalSeconds > LongestSeconds)
            throw new SpeechException($"the voice prompt lasts {audio.Duration.TotalSeconds:0.0} s; at most {LongestSeconds:0} s can be used, and two are best");
        var rate = checkpoint.Autoencoder.Config.SampleRate;
        var samples = AtRate(audio, rate, notice);
        samples = Trimmed(samples, rate, notice);
        var seconds = (double)samples.Length / rate;
        if (seconds < ShortestSeconds) throw new SpeechException($"the voice prompt holds {seconds:0.00} s of sound; at least {ShortestSeconds} s are needed");
        if (seconds > LongSeconds) notice?.Invoke($"the voice prompt lasts {seconds:0.0} s; the model may lose its place after prompts much longer than two");

        var size = checkpoint.Config.Model;
        var patchSamples = size.PatchSize * checkpoint.Autoencoder.Config.Hop;
        var patches = (samples.Length + patchSamples - 1) / patchSamples;
        var missing = patches * patchSamples - samples.Length;
        if (missing > 0) notice?.Invoke($"voice prompt: {(double)missing / rate:0.000} s of silence added to fill {patches} patches");
        Array.Resize(ref samples, patches * patchSamples);
        return encode(samples)                                                                     // [1, patches * P, D]
            .Reshape(patches, size.PatchSize, size.LatentDim).Copy();
    }

    private static float[] AtRate(WavAudio audio, int rate, Action<string>? notice)
    {
        if (audio.Channels > 1) notice?.Invoke($"voice prompt: {audio.Channels} channels mixed to one");
        var mono = audio.ToMono();
        if (audio.SampleRate == rate) return mono;
        if ((long)audio.SampleRate * Resampler.MaximumRatio < rate || (long)rate * Resampler.MaximumRatio < audio.SampleRate)
            throw new SpeechException($"the voice prompt has {audio.SampleRate} samples a second; that is no speech the model could hear at {rate}");
        notice?.Invoke($"voice prompt: resampled from {audio.SampleRate} to {rate} Hz");
        return Resampler.Resample(mono, audio.SampleRate, rate);
    }

    private static float[] Trimmed(float[] samples, int rate, Action<string>? notice)
    {
        var loudest = 0f;
        foreach (var sample in samples) loudest = Math.Max(loudest, Math.Abs(sample));
        if (loudest < 1e-4f) throw new SpeechException("the voice prompt is silent");
        var level = loudest * SilenceLevel;
        var first = Array.FindIndex(samples, sample => Math.Abs(sample) > level);
        var last = Array.FindLastIndex(samples, sample => Math.Abs(sample) > level);
        var start = Math.Max(0, first - (int)(SilenceBefore * rate));
        var end = Math.Min(samples.Length, last + 1 + (int)(SilenceAfter * rate));
        var cut = (double)(samples.Length - (end - start)) / rate;
        if (cut >= 0.01) notice?.Invoke($"voice prompt: {cut:0.00} s of silence at its ends cut off");
        return samples[start..end];
    }
}
