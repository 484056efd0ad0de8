// `ditar-learn corpus`: makes the training speech.

using System.CommandLine;
using System.Diagnostics;

namespace Ditar.Learn;

/// <summary>The command that builds a corpus folder.</summary>
internal static class CorpusCommand
{
    public static Command Create()
    {
        var recipe = new CorpusRecipe();
        var output = new Option<DirectoryInfo>("--output", "-o") { Description = "folder of the corpus", Required = true };
        var texts = new Option<int>("--texts") { Description = "number of different texts", DefaultValueFactory = _ => recipe.Texts };
        var voices = new Option<string>("--voices") { Description = "flite voices, taking turns: slt, rms, awb, kal16", DefaultValueFactory = _ => string.Join(',', recipe.Voices) };
        var seed = new Option<ulong>("--seed") { Description = "seed of texts and variations", DefaultValueFactory = _ => recipe.Seed };
        var rate = new Option<double>("--rate-spread") { Description = "speaking rate varies by up to this fraction" };
        var pitch = new Option<double>("--pitch-spread") { Description = "pitch varies by up to this fraction (not that of rms: flite cannot)" };
        var workers = new Option<int>("--workers") { Description = "flite processes at a time", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        var command = new Command("corpus", "Build training speech with flite: audio, texts, phone timings. Goes on where a stopped run left off.")
        {
            output, texts, voices, seed, rate, pitch, workers,
        };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(
            parsed.GetRequiredValue(output).FullName,
            recipe with
            {
                Texts = parsed.GetValue(texts),
                Voices = (parsed.GetValue(voices) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Seed = parsed.GetValue(seed),
                RateSpread = parsed.GetValue(rate),
                PitchSpread = parsed.GetValue(pitch),
            },
            parsed.GetValue(workers),
            cancellation), CancellationToken.None));
        return command;
    }

    private static int Run(string folder, CorpusRecipe recipe, int workers, CancellationToken cancellation)
    {
        try
        {
            var watch = Stopwatch.StartNew();
            int first = -1;
            CorpusBuilder.Build(folder, recipe, workers, p =>
            {
                if (first < 0) first = p.Done;
                double perSecond = (p.Done - first) / Math.Max(1e-3, watch.Elapsed.TotalSeconds);
                string end = Console.IsErrorRedirected ? "\n" : "\r";
                if (p.Done == p.Total || !Console.IsErrorRedirected || p.Done / 1024 != (p.Done - 64) / 1024)
                    Console.Error.Write($"{p.Done} of {p.Total} utterances, {p.Seconds / 3600:F2} h of speech, {perSecond:F0} a second {end}");
            }, cancellation);
            if (!Console.IsErrorRedirected) Console.Error.WriteLine();
            var corpus = Corpus.Load(folder);
            Console.WriteLine($"{folder}: {corpus.Utterances.Count} utterances, {corpus.Seconds / 3600:F2} h, "
                + $"{corpus.Select(CorpusSplit.HeldOut).Count()} held out, made in {watch.Elapsed.TotalSeconds:F0} s");
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"\nstopped; the same command goes on from here");
            return 130;
        }
        catch (Exception e) when (e is CorpusException or FliteException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }
}
