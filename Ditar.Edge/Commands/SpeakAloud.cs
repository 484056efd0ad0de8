// What `ditar say` does: everything that can be wrong is looked at before the output is opened; then the model's kind decides who speaks.

using System.Diagnostics;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

/// <param name="Output">A WAV file, "-" for raw samples to standard output, null for a free name in the current directory.</param>
internal sealed record SayRequest(
    IReadOnlyList<string> Words, string? TextFile, string? Output, string? Model, string? VoiceName, string? Prompt, string? PromptText,
    SpeakOptions Options, SpeechBackend Backend, bool Play, string? Plot, bool Quiet)
{
    /// <summary>Sound is handed on as it is made.</summary>
    public bool Stream { get; init; }

    /// <summary>Longest utterance in characters; null for the model's.</summary>
    public int? Longest { get; init; }

    public VoxCpmRequest VoxCpm { get; init; } = new();

    /// <summary>Nothing can be taken back.</summary>
    public bool IsHeardAtOnce => Stream || Play || Output == InputText.StandardInput;
}

internal static class SpeakAloud
{
    public static int Run(SayRequest request)
    {
        // Before interrupts are caught: one who waits at an empty terminal must get away.
        var text = InputText.Read(request.Words, request.TextFile);
        var folder = request.Model ?? ModelFolder.Find();
        Delivery.Check(request);
        if (VoxCpmCheckpoint.IsOne(folder)) return SpeakVoxCpm.Run(request, folder, text);
        if (request.VoxCpm.Given.ToList() is { Count: > 0 } given)
            throw new SpeechException($"{string.Join(", ", given)} {(given.Count == 1 ? "is" : "are")} for VoxCPM models; {folder} is a DiTAR model");
        using var interrupts = new Interrupts();
        var cancellation = interrupts.Token;
        var clock = Stopwatch.StartNew();
        using var speaker = Speaker.Load(folder, request.Backend);
        var loading = clock.Elapsed;
        using var progress = new SpeechProgress(speaker.SampleRate, speaker.Engine, speaker.EngineReasons, request.Quiet);
        var options = request.Options with { Voice = VoiceOf(request, speaker, progress.Notice), Notice = progress.Notice };
        if (request.Longest is { } longest) options = options with { LongestUtterance = longest };
        var utterances = speaker.Utterances(text, options);

        // With threads to spare the sound of a patch is made while the next is generated.
        var speech = speaker.Threads > 1
            ? speaker.SpeakAsync(utterances, options, cancellation).ToBlockingEnumerable(CancellationToken.None)
            : speaker.Speak(utterances, options, cancellation);
        return Delivery.Run(request, new SpeechSource(speaker.SampleRate, speaker.PatchSamples, loading), progress, speech, cancellation);
    }

    private static Reference.Speech.Voice? VoiceOf(SayRequest request, Speaker speaker, Action<string> notice)
    {
        if (request.VoiceName is { } name) return speaker.FindVoice(name);
        if (request.Prompt is not { } prompt) return null;
        var recording = WavFile.Read(prompt, TimeSpan.FromSeconds(VoicePrompt.LongestSeconds + 1));
        return speaker.VoiceFrom(recording, request.PromptText!, notice);
    }
}
