// What `ditar say` does: everything that can be wrong is looked at before the output is opened; then sound is written, played and drawn as it is made.

using System.Diagnostics;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

/// <param name="Output">A WAV file, "-" for raw samples to standard output, null for a free name in the current directory.</param>
internal sealed record SayRequest(
    IReadOnlyList<string> Words, string? TextFile, string? Output, string? Model, string? VoiceName, string? Prompt, string? PromptText,
    SpeakOptions Options, SpeechBackend Backend, bool Play, string? Plot, bool Quiet)
{
    /// <summary>The backend is the user's choice, not the default.</summary>
    public bool BackendTyped { get; init; }

    public VoxCpmRequest VoxCpm { get; init; } = new(null, null, null, null);
}

internal static class SpeakAloud
{
    public static int Run(SayRequest request)
    {
        // Before interrupts are caught: one who waits at an empty terminal must get away.
        var text = InputText.Read(request.Words, request.TextFile);
        var folder = request.Model ?? ModelFolder.Find();
        if (VoxCpmCheckpoint.IsOne(folder)) return SpeakVoxCpm.Run(request, folder, text);
        if (!request.VoxCpm.IsEmpty) throw new SpeechException($"--reference, --control, --noise and --lora are for VoxCPM models; {folder} is a DiTAR model");
        using var interrupts = new Interrupts();
        var cancellation = interrupts.Token;
        var clock = Stopwatch.StartNew();
        using var speaker = Speaker.Load(folder, request.Backend);
        var loading = clock.Elapsed;
        using var progress = new SpeechProgress(speaker.SampleRate, speaker.Engine, speaker.EngineReasons, request.Quiet);
        var options = request.Options with { Voice = VoiceOf(request, speaker, progress.Notice), Notice = progress.Notice };
        var utterances = speaker.Utterances(text, options);
        if (request.Plot is { } plot && Path.GetDirectoryName(Path.GetFullPath(plot)) is { } place && !Directory.Exists(place))
            throw new IOException($"cannot write {plot}: there is no folder {place}");
        cancellation.ThrowIfCancellationRequested();

        var picture = request.Plot is null ? null : new SpeechPlot(speaker.SampleRate, speaker.PatchSamples);
        using var sink = OpenSink(request.Output, speaker.SampleRate);
        using var player = request.Play ? Player.Start(speaker.SampleRate, progress.Notice) : null;
        progress.Begin(loading);
        try
        {
            // With threads to spare the sound of a patch is made while the next is generated.
            var speech = speaker.Threads > 1
                ? speaker.SpeakAsync(utterances, options, cancellation).ToBlockingEnumerable(CancellationToken.None)
                : speaker.Speak(utterances, options, cancellation);
            foreach (var chunk in speech)
            {
                progress.Add(chunk);
                sink.Append(chunk.Samples);
                player?.Append(chunk.Samples);
                picture?.Add(chunk);
            }

            sink.Keep();
            if (picture is not null) AtomicFile.Write(request.Plot!, System.Text.Encoding.UTF8.GetBytes(picture.Draw()));
            progress.End(sink, request.Plot);
            if (request is { Quiet: true, Output: null }) Console.WriteLine(sink.Name);
            player?.Finish(sink.Name, cancellation);
            return cancellation.IsCancellationRequested ? ExitCode.Cancelled : ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            sink.Keep();
            progress.Cancelled(sink);
            return ExitCode.Cancelled;
        }
    }

    private static Reference.Speech.Voice? VoiceOf(SayRequest request, Speaker speaker, Action<string> notice)
    {
        if (request.VoiceName is { } name) return speaker.FindVoice(name);
        if (request.Prompt is not { } prompt) return null;
        var recording = WavFile.Read(prompt, TimeSpan.FromSeconds(VoicePrompt.LongestSeconds + 1));
        return speaker.VoiceFrom(recording, request.PromptText!, notice);
    }

    internal static ISpeechSink OpenSink(string? output, int sampleRate) => output switch
    {
        InputText.StandardInput => PcmSink.ToStandardOutput(),
        null => new WavFileSink(FreeName(), sampleRate),
        _ => new WavFileSink(output, sampleRate),
    };

    // Nothing is overwritten that the user has not named.
    private static string FreeName() =>
        Enumerable.Range(1, int.MaxValue - 1).Select(number => number == 1 ? "speech.wav" : $"speech-{number}.wav").First(name => !File.Exists(name));
}
