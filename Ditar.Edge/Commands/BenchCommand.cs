// `ditar bench`: how fast a folder speaks in each weight format, and what it takes. Each format has a process of its own, so that the peak of memory and the
// first chunk are that format's; this one only starts them and lays out the table.

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class BenchCommand
{
    public const string Examples =
        """
          ditar bench
          ditar make-up 0.5B -o made-up-0.5B
          ditar bench --model made-up-0.5B --weights int8 int4 --threads 2 --seconds 5
          ditar bench --model VoxCPM2 --weights int8 --threads 2 --json > figures.json
        """;

    private const string Stored = "stored";
    private const double MostSeconds = 600;
    private const int MostThreads = 256;

    public static Command Create()
    {
        var model = new Option<string>("--model", "-m") { Description = "folder of a DiTAR or VoxCPM checkpoint [default: models/ditar-tiny, where it is found]", HelpName = "DIR" };
        var weights = new Option<string[]>("--weights")
        {
            Description = "the formats to measure: float32, bf16, int8, int4 (language model only, the rest int8) [default: all four]",
            HelpName = "FORMAT ...",
            AllowMultipleArgumentsPerToken = true,
        };
        var backend = new Option<string>("--backend")
        {
            Description = "what computes: simd (the fused engine), or definition (the model as it is written, on vector kernels; it has no weight formats)",
            HelpName = "NAME",
            DefaultValueFactory = _ => "simd",
        };
        var threads = new Option<int>("--threads") { Description = "threads to use", HelpName = "N", DefaultValueFactory = _ => 1 };
        var seconds = new Option<double>("--seconds") { Description = "how much sound to make; less where the model has no positions for so much", HelpName = "S", DefaultValueFactory = _ => 5 };
        var steps = new Option<int?>("--steps") { Description = "solver steps for each patch [default: the model's]", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "the figures as JSON, in seconds and bytes" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "no progress" };
        // How this command starts itself for one format.
        var here = new Option<bool>("--in-this-process") { Hidden = true };
        backend.AcceptOnlyFromAmong("simd", "definition");
        weights.AcceptOnlyFromAmong([.. EngineFormats.Names]);
        SayCommand.Limit(threads, 1, MostThreads);
        SayCommand.Limit(seconds, 0.1, MostSeconds);
        SayCommand.Limit(steps, 1, Reference.Diffusion.SamplerOptions.MostSteps);
        var command = new Command("bench", "Measure a checkpoint on this machine: load time, prefill, time per patch, real-time factor, memory, for each weight format.")
        {
            model, weights, backend, threads, seconds, steps, json, quiet, here,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(backend)?.Tokens is [{ Value: "definition" }] && result.GetResult(weights) is { Tokens.Count: > 0 }) result.AddError("--weights goes with --backend simd.");
        });
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var request = new BenchRequest(
                parsed.GetValue(model) ?? ModelFolder.Find(), parsed.GetValue(backend)!, parsed.GetValue(threads), parsed.GetValue(seconds), parsed.GetValue(steps), parsed.GetValue(quiet));
            string[] formats = request.Backend == "definition" ? [Stored] : parsed.GetValue(weights) is { Length: > 0 } chosen ? [.. chosen.Distinct()] : [.. EngineFormats.Names];
            using var interrupts = new Interrupts();
            if (!parsed.GetValue(here)) return RunAll(request, formats, parsed.GetValue(json), interrupts.Token);
            Console.WriteLine(JsonSerializer.Serialize(request.Measure(formats[0], interrupts.Token), BenchFiguresJson.Default.BenchFigures));
            return ExitCode.Done;
        }));
        return command;
    }

    private static int RunAll(BenchRequest request, IReadOnlyList<string> formats, bool json, CancellationToken cancellation)
    {
        var figures = new List<BenchFigures>();
        var failed = new List<string>();
        foreach (var format in formats)
        {
            if (request.Start(format, cancellation) is { } found) figures.Add(found);
            else failed.Add(format);
            cancellation.ThrowIfCancellationRequested();
        }

        if (json) Console.WriteLine(JsonSerializer.Serialize(figures, BenchFiguresJson.Default.ListBenchFigures));
        else if (figures.Count > 0) Console.WriteLine(Table(request, figures));
        // Why was said by the process that failed.
        if (failed.Count > 0 && figures.Count > 0) Console.Error.WriteLine($"not measured: {string.Join(", ", failed)}");
        return failed.Count == 0 ? ExitCode.Done : ExitCode.BadInput;
    }

    private static string Table(BenchRequest request, List<BenchFigures> figures)
    {
        string[] heads = ["weights", "load s", "packed MB", "cold chunk ms", "prefill ms", "first chunk ms", "patch ms", "real-time factor", "peak MB"];
        var rows = figures.Select(row => new[]
        {
            row.Weights, Number(row.LoadSeconds, 2), row.PackedBytes == 0 ? "-" : Number(row.PackedBytes / 1e6, 1), Number(1000 * row.ColdChunkSeconds, 0), Number(1000 * row.PrefillSeconds, 1),
            Number(1000 * row.FirstChunkSeconds, 1), Number(1000 * row.PatchSeconds, 1), Number(row.RealTimeFactor, 2), Number(row.PeakBytes / 1e6, 0),
        }).Prepend(heads).ToList();
        var widths = heads.Select((_, column) => rows.Max(row => row[column].Length)).ToList();
        var lines = rows.Select(row => string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))));
        var first = figures[0];
        return string.Join(Environment.NewLine,
        [
            string.Create(CultureInfo.InvariantCulture, $"{request.Folder}: {first.SoundSeconds:0.00} s of sound in {first.Patches} patches, {first.Steps} solver steps, {first.Threads} thread{(first.Threads == 1 ? "" : "s")}, one run"),
            .. lines,
            .. figures.Select(row => $"{row.Weights}: {row.Engine}"),
        ]);
    }

    private static string Number(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private sealed record BenchRequest(string Folder, string Backend, int Threads, double Seconds, int? Steps, bool Quiet)
    {
        public BenchFigures Measure(string format, CancellationToken cancellation)
        {
            var backend = new SpeechBackend(Enum.Parse<BackendKind>(Backend, ignoreCase: true), Threads) { Weights = format == Stored ? null : EngineFormats.Named(format) };
            return BenchFigures.Measure(Folder, format, backend, Steps, Seconds, new BenchProgress(format, Quiet), cancellation);
        }

        /// <returns>Null when it failed, after it said why.</returns>
        public BenchFigures? Start(string format, CancellationToken cancellation)
        {
            using var process = Process.Start(Command(format)) ?? throw new IOException("cannot start a process to measure in");
            using var registration = cancellation.Register(() => Stop(process));
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == ExitCode.Done) return JsonSerializer.Deserialize(output, BenchFiguresJson.Default.BenchFigures);
            // Beyond 128 a signal ended it, and it could not say so itself.
            if (process.ExitCode > 128 && !cancellation.IsCancellationRequested)
                Console.Error.WriteLine($"error: {format}: the process was ended by signal {process.ExitCode - 128}{(process.ExitCode == 137 ? "; there may not be memory enough for this format" : "")}");
            return null;
        }

        private ProcessStartInfo Command(string format)
        {
            var start = SameProgram.With("bench", "--in-this-process", "--model", Folder, "--backend", Backend);
            Add("--threads", $"{Threads}");
            Add("--seconds", Seconds.ToString("R", CultureInfo.InvariantCulture));
            if (Steps is { } steps) Add("--steps", $"{steps}");
            if (format != Stored) Add("--weights", format);
            if (Quiet) start.ArgumentList.Add("--quiet");
            return start;

            void Add(string name, string value)
            {
                start.ArgumentList.Add(name);
                start.ArgumentList.Add(value);
            }
        }

        private static void Stop(Process process)
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }
        }
    }
}
