// What `ditar say` does with an official VoxCPM folder: its options become a voice, noise and attempts. A file gets sound that is known to be good: an
// utterance that runs on is made again, as in the official code. Sound that somebody hears while it is made has one attempt.

using System.Diagnostics;
using Ditar.Reference.Diffusion;

namespace Ditar.Edge;

/// <summary>What only VoxCPM models take.</summary>
/// <param name="Reference">A recording to take the voice from.</param>
/// <param name="Control">A description of voice or style.</param>
/// <param name="Noise">"philox", "torch-cpu", or a safetensors file; null for philox.</param>
/// <param name="Lora">A folder to merge.</param>
/// <param name="Attempts">Of an utterance that runs on; null for the official number.</param>
/// <param name="Voices">The folder of the stored voices; null for the user's.</param>
internal sealed record VoxCpmRequest(string? Reference = null, string? Control = null, string? Noise = null, string? Lora = null, int? Attempts = null, string? Voices = null)
{
    /// <summary>The names of the options that were given.</summary>
    public IEnumerable<string> Given => new (string Name, object? Value)[]
    {
        ("--reference", Reference), ("--control", Control), ("--noise", Noise), ("--lora", Lora), ("--attempts", Attempts), ("--voices", Voices),
    }.Where(option => option.Value is not null).Select(option => option.Name);
}

internal static class SpeakVoxCpm
{
    public static int Run(SayRequest request, string folder, string text)
    {
        if (request.Options.Temperature is not null) throw new SpeechException("VoxCPM has no temperature; --temperature is for DiTAR models");
        if (request.VoxCpm is { Control: not null } && request.PromptText is not null) throw new SpeechException("--control describes a voice or a style, which a prompt already has");
        var noise = NoiseOf(request.VoxCpm.Noise);
        if (noise.Recorded && request.VoxCpm.Attempts > 1) throw new SpeechException("--attempts goes with seeds; with recorded noise every attempt is the same");
        var stored = request.VoiceName is { } name ? VoiceFolder.Of(request.VoxCpm.Voices).Read(name) : null;
        using var interrupts = new Interrupts();
        var cancellation = interrupts.Token;
        var clock = Stopwatch.StartNew();
        using var speaker = OfficialSpeaker.Load(folder, request.Backend, request.VoxCpm.Lora);
        var loading = clock.Elapsed;
        using var progress = new SpeechProgress(speaker.SampleRate, speaker.Engine, speaker.EngineReasons, request.Quiet);
        var voice = stored?.For(folder, speaker.Config) ?? speaker.VoiceFrom(request.Prompt, request.PromptText, request.VoxCpm.Reference, progress.Notice);
        if ((request.Prompt ?? request.VoxCpm.Reference) is not null) progress.Hearing = clock.Elapsed - loading;
        var options = new OfficialSpeakOptions
        {
            Voice = voice,
            Control = request.VoxCpm.Control,
            Seed = request.Options.Seed,
            Steps = request.Options.Steps ?? 10,
            Guidance = request.Options.Guidance ?? 1,
            Noise = noise.Draw,
            Attempts = request.IsHeardAtOnce || noise.Recorded ? 1 : request.VoxCpm.Attempts ?? OfficialSpeakOptions.OfficialAttempts,
            LongestUtterance = request.Longest ?? new OfficialSpeakOptions().LongestUtterance,
            Notice = progress.Notice,
            Made = progress.Made,
        };
        var utterances = OfficialSpeaker.Utterances(text, options);
        if (noise.Recorded && utterances.Count > 1) throw new SpeechException($"--noise with a file is for one utterance; the text is cut into {utterances.Count}");
        return Delivery.Run(request, new SpeechSource(speaker.SampleRate, speaker.PatchSamples, loading), progress, speaker.Speak(utterances, options, cancellation), cancellation);
    }

    private static (Func<ulong, INoise> Draw, bool Recorded) NoiseOf(string? name)
    {
        switch (name)
        {
            case null or "philox":
                return (seed => new SeededNoise(seed), false);
            case "torch-cpu":
                return (seed => new TorchCpuNoise(seed), false);
            default:
                var recorded = RecordedNoise.Read(name);
                return (_ => recorded, true);
        }
    }
}
