// From a folder on disk to the first sound, each time in a process of its own, as a user's program would: time to load, to the first samples of the first
// text (code not yet compiled, files in the system's cache) and of the second, and the most memory that the process ever had. VoxCPM's checkpoints have one
// process each, and so has ONNX Runtime, which is loaded behind a look at the weights' hash.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ditar.Edge;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class LoadBeside
{
    /// <summary>The hidden subcommand of the child process: folder, format or the folder of graphs, threads.</summary>
    public const string Child = "load-once";

    private const int Turns = 5;
    private const double MostSeconds = 0.5;
    private const string Text = "the red door is open at seven this night";

    private static readonly string[] Formats = ["float32", "bf16", "int8"];

    public static string Run(int threads, Action<string> say)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### Loading, a process each, {threads} threads, {Text.Length} characters of text\n");
        text.AppendLine("| model | weights | loaded after | first samples after | of the next text after | most memory | bar: loaded and sounding in 0.5 s |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (var (name, folder) in new[] { ("ditar-tiny", Path.Combine("models", "ditar-tiny")), ("0.1B, bf16 on disk", Folder("0.1B", say)) })
            foreach (var format in Formats) Add(name, folder, format, format, Turns, name != "ditar-tiny");
        var small = new OfficialBenchModel("0.5B");
        foreach (var format in Formats) Add($"{small.Title}, bf16 on disk", small.Folder(say), format, format, 1, bar: false);
        Add($"{small.Title}, graphs", small.Folder(say), small.Graphs(say), "ONNX Runtime, float32", 1, bar: false);
        var larger = new OfficialBenchModel("1.5");
        Add($"{larger.Title}, bf16 on disk", larger.Folder(say), "int8", "int8", 1, bar: false);
        return text.ToString();

        void Add(string name, string folder, string weights, string title, int count, bool bar)
        {
            say($"loading {name} as {title}");
            var turns = Enumerable.Range(0, count).Select(_ => Once(folder, weights, threads)).ToArray();
            Timing Of(int column) => Timing.Of(turns.Select(turn => turn[column]), 0);
            var held = !bar ? "" : Of(1).Median <= MostSeconds ? "met" : "**missed**";
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {name} | {title} | {BesideTable.Time(Of(0))} | {BesideTable.Time(Of(1))} | {BesideTable.Time(Of(2))} | {Of(3).Median / 1e6:0} MB | {held} |");
        }
    }

    /// <summary>What the child does: prints seconds since its first line, and bytes.</summary>
    public static void RunChild(string folder, string format, int threads)
    {
        var start = Stopwatch.GetTimestamp();
        var backend = Formats.Contains(format)
            ? new SpeechBackend(BackendKind.Simd, threads) { Weights = EngineFormats.All(format switch { "bf16" => WeightFormat.BFloat16, "int8" => WeightFormat.Int8, _ => WeightFormat.Float32 }) }
            : new SpeechBackend(BackendKind.Onnx, threads, Graphs: format, Provider: "cpu");
        if (VoxCpmCheckpoint.IsOne(folder))
        {
            using var speaker = OfficialSpeaker.Load(folder, backend);
            Report(start, () => speaker.Speak(Text, new OfficialSpeakOptions { Attempts = 1 }));
        }
        else
        {
            using var speaker = Speaker.Load(folder, backend);
            Report(start, () => speaker.Speak(Text));
        }
    }

    private static void Report(long start, Func<IEnumerable<SpeechChunk>> speak)
    {
        var loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
        First();
        var first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var again = Stopwatch.GetTimestamp();
        First();
        var next = Stopwatch.GetElapsedTime(again).TotalSeconds;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loaded} {first} {next} {self.PeakWorkingSet64}"));

        void First() => _ = speak().First(chunk => chunk.Samples.Length > 0);
    }

    private static double[] Once(string folder, string format, int threads)
    {
        using var child = Process.Start(SameProgram.With(Child, folder, format, $"{threads}"))!;
        var line = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0) throw new InvalidOperationException($"Loading {folder} as {format} ended with {child.ExitCode}.");
        return [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    // A checkpoint of random weights as ours are shipped, in bf16.
    private static string Folder(string size, Action<string> say)
    {
        var model = new BenchModel(size);
        var folder = Path.Combine(Path.GetTempPath(), "ditar-bench", $"{size}-folder-{model.Model.Identity.Hash[..12]}");
        if (File.Exists(Path.Combine(folder, DitarCheckpoint.ConfigFile))) return folder;
        say($"writing a random {size} checkpoint to {folder}");
        Directory.CreateDirectory(folder);
        Save(Path.Combine(folder, DitarCheckpoint.ModelFile), model.Networks.Model.Parameters);
        Save(Path.Combine(folder, DitarCheckpoint.VaeFile), model.Networks.Autoencoder.Parameters);
        model.Model.Tokenizer.Save(Path.Combine(folder, DitarCheckpoint.TokenizerFile));
        // Last: a folder that has it is whole.
        new CheckpointConfig
        {
            Kind = CheckpointConfig.KindName,
            Format = CheckpointConfig.CurrentFormat,
            Model = model.Model.Config,
            Vae = model.Model.Vae,
            Sampling = new SamplingDefaults(10, 1, 1, 0.5),
            Voices = [],
        }.Write(Path.Combine(folder, DitarCheckpoint.ConfigFile));
        return folder;
    }

    private static void Save(string path, IReadOnlyList<KeyValuePair<string, Reference.Tensor>> parameters)
    {
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in parameters) writer.Add(name, [.. tensor.Shape.ToArray().Select(extent => (long)extent)], tensor.ToSingles(), SafetensorsType.BF16);
        writer.Save(path);
    }
}
