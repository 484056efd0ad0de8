// `products`, `layers`, `vae`, `growth`, `load`, `speech` print one group of tables; `compare` runs them all in one go and writes docs/benchmarks.md.

using System.Globalization;
using System.Runtime.InteropServices;
using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class BesideRun
{
    private const int Threads = 2;

    /// <param name="group">"products", "layers", "vae", "growth", "load", "speech", or "compare" for all.</param>
    /// <param name="output">Where compare writes.</param>
    /// <param name="filter">Of "vae", "growth" and "speech": part of the names of the models that are timed.</param>
    public static void Run(string group, string output = BenchCommands.Document, string filter = "")
    {
        var library = FetchedLibrary.Require(Say);
        using var pool = new WorkerPool(Threads);
        Say("measuring the machine");
        var limits = MachineLimits.Measure(pool);
        var text = new StringWriter(CultureInfo.InvariantCulture);
        if (group == "compare") text.WriteLine(Introduction(library) + "\n");
        text.WriteLine($"## The machine\n\n{Processor()}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, ONNX Runtime {library.Version}, {DateTime.UtcNow:yyyy-MM-dd}.\n");
        text.WriteLine(limits.Markdown());
        foreach (var table in Tables(group, filter, library, pool, limits))
        {
            text.WriteLine(table);
            // Written as far as it is done: the whole takes some twenty minutes.
            if (group == "compare") File.WriteAllText(output, text.ToString());
        }

        if (group == "compare")
        {
            text.WriteLine(MissedBars.Closing(text.ToString(), limits));
            File.WriteAllText(output, text.ToString());
        }

        Console.Write(text);
    }

    private static IEnumerable<string> Tables(string group, string filter, OnnxLibrary library, WorkerPool pool, MachineLimits limits)
    {
        bool Wanted(string name) => group == name || group == "compare";
        if (Wanted("products")) yield return ProductsBeside.Run(library, pool, limits.Flop, limits.Read).Markdown();
        if (Wanted("layers")) yield return ModulesBeside.Run(library, new BenchModel("0.4B"), Threads, Say).Markdown();
        if (Wanted("vae")) yield return CodecBeside.Run(library, Path.Combine("models", "ditar-tiny"), limits.Fed, filter, Say);
        if (Wanted("growth"))
        {
            if (Named("0.1B")) yield return GrowthBeside.Run(library, Threads, Say);
            if (Named("VoxCPM-0.5B")) yield return GrowthBeside.Run(library, new OfficialBenchModel("0.5B"), Threads, Say);
        }

        if (Wanted("load")) yield return LoadBeside.Run(Threads, Say);
        if (!Wanted("speech")) yield break;
        if (Named("tiny")) yield return SpeechBeside.Run(library, new BenchModel("tiny"), 5, 40, Threads, [], Say);
        foreach (var (steps, most) in new[] { (10, 0.4), (2, 0.12) })
            if (Named("0.1B")) yield return SpeechBeside.Run(library, new BenchModel("0.1B"), steps, 20, Threads, [most], Say);
        foreach (var steps in new[] { 10, 2 })
            if (Named("0.6B")) yield return SpeechBeside.Run(library, new BenchModel("0.6B"), steps, 6, Threads, [], Say);
        foreach (var (name, patches, most) in new[] { ("0.5B", 12, 0.6), ("1.5", 6, 1.0) })
            if (Named($"VoxCPM-{name}")) yield return SpeechBeside.Run(library, new OfficialBenchModel(name), patches, Threads, [null, null, most], Say);

        bool Named(string name) => name.Contains(filter, StringComparison.OrdinalIgnoreCase);
    }

    private static string Introduction(OnnxLibrary library) =>
        $"""
        # Benchmarks

        Written by one command, which runs everything below in one go, in some twenty minutes (the first time longer: models are written and exported):

            dotnet run -c Release --project bench -- compare -o docs/benchmarks.md

        Each line is one thing computed by ONNX Runtime {library.Version} (CPU provider, the graph that `ditar-parity export` writes, all optimisations) and by us, on
        {Threads} threads unless said. The two take turns. Times are medians with the middle half of the turns in brackets; the ratio is ONNX Runtime's median over ours;
        shares of the machine's limits are of best turns. ONNX Runtime's threads may spin or sleep between operators: both are run, the faster one counts; of
        large models the memory holds one beside ours, the one that a trial finds faster.

        Weights are from a seed but for ditar-tiny's. VoxCPM's checkpoints are of the released shapes, in official files. ONNX Runtime decodes their sound once, when all latents
        are there, as its graph has no memory of what it decoded before; the wait for its first samples is that of an utterance of one patch.

        Where the machine is virtual, its neighbours take from it: ratios of the same build have moved by a fifth between runs.
        """;

    private static void Say(string text) => Console.Error.WriteLine(text);

    private static string Processor()
    {
        const string Cpus = "/proc/cpuinfo";
        var line = File.Exists(Cpus) ? File.ReadLines(Cpus).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 2)..] ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
