// What `ditar bench` measures of one weight format, in a process that does nothing else.

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Ditar.Reference.Speech;

namespace Ditar.Edge;

/// <param name="Weights">The format asked for; "stored" with a backend that has none.</param>
/// <param name="Engine">What computed, in its own words.</param>
/// <param name="LoadSeconds">From the folder to an engine that can speak.</param>
/// <param name="PackedBytes">Native memory of weights, caches and work areas; 0 where the collector has it all.</param>
/// <param name="ColdChunkSeconds">The first chunk of the first utterance: code is compiled and pages are touched on the way.</param>
/// <param name="PrefillSeconds">Reading the text, in the second utterance.</param>
/// <param name="FirstChunkSeconds">From the request to the first samples of the second utterance.</param>
/// <param name="PatchSeconds">Median over its patches, sound included.</param>
/// <param name="RealTimeFactor">Time of the second utterance by the length of its sound.</param>
/// <param name="PeakBytes">The most memory that the process held at any time, loading included.</param>
internal sealed record BenchFigures(
    string Weights, string Engine, int Threads, int Steps, double LoadSeconds, long PackedBytes, double ColdChunkSeconds, double PrefillSeconds, double FirstChunkSeconds,
    double PatchSeconds, int Patches, double SoundSeconds, double RealTimeFactor, long PeakBytes)
{
    private const int WarmPatches = 4;

    /// <param name="seconds">Of sound.</param>
    public static BenchFigures Measure(string folder, string weights, SpeechBackend backend, int? steps, double seconds, BenchProgress progress, CancellationToken cancellation)
    {
        progress.Say("loading");
        var clock = Stopwatch.StartNew();
        using var model = BenchedModel.Load(folder, backend, steps);
        var load = clock.Elapsed.TotalSeconds;
        cancellation.ThrowIfCancellationRequested();
        progress.Say("first utterance");
        var cold = Utterance.Time(model, WarmPatches, progress, cancellation);
        progress.Say(string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s of speech"));
        var timed = Utterance.Time(model, Math.Max(2, (int)Math.Ceiling(seconds * model.SampleRate / model.PatchSamples)), progress, cancellation);
        progress.Clear();
        var sound = (double)timed.Samples / model.SampleRate;
        return new BenchFigures(
            weights, model.Engine, backend.Threads, model.Steps, load, model.NativeBytes, cold.FirstChunk, timed.Prefill, timed.FirstChunk, timed.Patch, timed.Patches, sound,
            timed.Total / sound, PeakMemory());
    }

    // The system's own count where there is one: it cannot miss a peak.
    private static long PeakMemory()
    {
        const string key = "VmHWM:";
        if (OperatingSystem.IsLinux() && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line)
            return long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private sealed record Utterance(double Prefill, double FirstChunk, double Patch, double Total, int Patches, long Samples)
    {
        public static Utterance Time(BenchedModel model, int patches, BenchProgress progress, CancellationToken cancellation)
        {
            var (prefill, first, last, samples) = (0.0, double.NaN, 0.0, 0L);
            var times = new List<double>();
            var clock = Stopwatch.StartNew();
            var heard = new Heard(report =>
            {
                if (report.Patches == 0) prefill = last = clock.Elapsed.TotalSeconds;
                progress.Count(report);
            });
            foreach (var patch in model.Speak(patches, heard, cancellation))
            {
                var now = clock.Elapsed.TotalSeconds;
                times.Add(now - last);
                last = now;
                samples += patch.Samples.Length;
                if (double.IsNaN(first) && patch.Samples.Length > 0) first = now;
            }

            times.Sort();
            return new Utterance(prefill, first, times[times.Count / 2], last, times.Count, samples);
        }
    }

    // Progress<T> would report on another thread, later.
    private sealed class Heard(Action<GenerationProgress> report) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => report(value);
    }
}

/// <summary>One changing line on a terminal, a line for each stage elsewhere; on standard error.</summary>
internal sealed class BenchProgress(string what, bool quiet)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private readonly bool terminal = !Console.IsErrorRedirected;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private string stage = "";
    private TimeSpan shown;

    public void Say(string next)
    {
        stage = next;
        if (quiet) return;
        if (terminal) Console.Error.Write($"\r{what}: {stage}\u001b[K");
        else Console.Error.WriteLine($"{what}: {stage}");
    }

    public void Count(GenerationProgress progress)
    {
        if (quiet || !terminal || clock.Elapsed - shown < Pace) return;
        shown = clock.Elapsed;
        Console.Error.Write($"\r{what}: {stage}, patch {progress.Patches} of {progress.MaxPatches}\u001b[K");
    }

    public void Clear()
    {
        if (!quiet && terminal) Console.Error.Write("\r\u001b[K");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchFigures))]
[JsonSerializable(typeof(List<BenchFigures>))]
internal sealed partial class BenchFiguresJson : JsonSerializerContext;
