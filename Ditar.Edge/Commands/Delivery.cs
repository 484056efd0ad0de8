// Speech on its way to the user, whichever kind of model makes it: written, played and drawn as it comes, with progress; kept as far as it came when the user
// stops it. What can be wrong with the places it goes to is looked at before a model is loaded.

using Ditar.Reference.Files;

namespace Ditar.Edge;

/// <summary>What a loaded model is to the delivery.</summary>
/// <param name="SampleRate">In Hz.</param>
/// <param name="PatchSamples">Samples of a patch.</param>
/// <param name="LoadTime">What it took to load.</param>
internal readonly record struct SpeechSource(int SampleRate, int PatchSamples, TimeSpan LoadTime);

internal static class Delivery
{
    /// <exception cref="IOException">The picture has no folder to go to.</exception>
    public static void Check(SayRequest request)
    {
        if (request.Plot is { } plot && Path.GetDirectoryName(Path.GetFullPath(plot)) is { } place && !Directory.Exists(place))
            throw new IOException($"cannot write {plot}: there is no folder {place}");
    }

    /// <param name="speech">Made while it is enumerated; ends with an <see cref="OperationCanceledException"/> when it is cancelled.</param>
    /// <returns>The exit code.</returns>
    public static int Run(SayRequest request, SpeechSource source, SpeechProgress progress, IEnumerable<SpeechChunk> speech, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var picture = request.Plot is null ? null : new SpeechPlot(source.SampleRate, source.PatchSamples);
        using var sink = OpenSink(request.Output, source.SampleRate);
        using var player = request.Play ? Player.Start(source.SampleRate, progress.Notice) : null;
        progress.Begin(source.LoadTime);
        try
        {
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

    private static ISpeechSink OpenSink(string? output, int sampleRate) => output switch
    {
        InputText.StandardInput => PcmSink.ToStandardOutput(),
        null => new WavFileSink(FreeName(), sampleRate),
        _ => new WavFileSink(output, sampleRate),
    };

    // Nothing is overwritten that the user has not named.
    private static string FreeName() =>
        Enumerable.Range(1, int.MaxValue - 1).Select(number => number == 1 ? "speech.wav" : $"speech-{number}.wav").First(name => !File.Exists(name));
}
