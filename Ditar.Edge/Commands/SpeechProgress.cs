// What `ditar say` tells while it speaks. All of it goes to standard error, so that sound may go to standard output. On a terminal one line keeps
// changing; elsewhere each utterance gets a line.

using System.Diagnostics;

namespace Ditar.Edge;

/// <param name="engine">What computes.</param>
/// <param name="reasons">Why, where something was chosen.</param>
internal sealed class SpeechProgress(int sampleRate, string engine, string? reasons, bool quiet) : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch clock = new();
    private readonly bool terminal = !Console.IsErrorRedirected;
    private TimeSpan loading, firstSound, shown;
    private long samples;
    private int patches;
    private bool lineOpen;

    /// <summary>What encoding recordings took; zero without any.</summary>
    public TimeSpan Hearing { private get; set; }

    private double Seconds => (double)samples / sampleRate;

    private string Factor => Seconds > 0 ? $"{clock.Elapsed.TotalSeconds / Seconds:0.00}" : "-";

    /// <summary>Says what the user should know, quiet or not.</summary>
    public void Notice(string message)
    {
        CloseLine();
        Console.Error.WriteLine($"note: {message}");
    }

    public void Begin(TimeSpan timeToLoad)
    {
        loading = timeToLoad;
        if (!quiet && reasons is not null) Console.Error.WriteLine($"{engine}: {reasons}");
        clock.Start();
    }

    /// <summary>Patches that are made and not handed on yet; only a terminal shows them.</summary>
    public void Made(Utterance utterance, int count)
    {
        if (quiet || !terminal || clock.Elapsed - shown < Pace) return;
        shown = clock.Elapsed;
        Console.Error.Write($"\r{Place(utterance)}{count} patches made   ");
        lineOpen = true;
    }

    public void Add(SpeechChunk chunk)
    {
        if (samples == 0 && chunk.Samples.Length > 0) firstSound = clock.Elapsed;
        samples += chunk.Samples.Length;
        patches++;
        if (quiet || (terminal ? clock.Elapsed - shown < Pace : !chunk.Last)) return;
        shown = clock.Elapsed;
        var line = $"{Place(chunk.Utterance)}{patches} patches, {Seconds:0.00} s of sound, real-time factor {Factor}";
        if (terminal) Console.Error.Write($"\r{line}   ");
        else Console.Error.WriteLine(line);
        lineOpen = terminal;
    }

    public void End(ISpeechSink sink, string? plot)
    {
        clock.Stop();
        CloseLine();
        if (sink is WavFileSink { ClippedSamples: > 0 and var clipped }) Notice($"{clipped} samples were louder than full scale and are clipped");
        if (quiet) return;
        if (plot is not null) Console.Error.WriteLine($"{plot}: drawn");
        Console.Error.WriteLine(
            $"{sink.Name}: {Seconds:0.00} s of speech in {clock.Elapsed.TotalSeconds:0.00} s (real-time factor {Factor}), "
            + $"first sound after {firstSound.TotalSeconds:0.00} s, model loaded in {loading.TotalSeconds:0.00} s{(Hearing > TimeSpan.Zero ? $", recordings heard in {Hearing.TotalSeconds:0.00} s" : "")}; {engine}");
    }

    public void Cancelled(ISpeechSink sink)
    {
        CloseLine();
        Console.Error.WriteLine(samples == 0 ? "cancelled before the first sound; nothing was written" : $"cancelled: {sink.Name} holds {Seconds:0.00} s of speech");
    }

    public void Dispose() => CloseLine();

    private static string Place(Utterance utterance) => utterance.Count == 1 ? "" : $"utterance {utterance.Number + 1} of {utterance.Count}, ";

    private void CloseLine()
    {
        if (lineOpen) Console.Error.WriteLine();
        lineOpen = false;
    }
}
