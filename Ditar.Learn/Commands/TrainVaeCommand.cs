// `ditar-learn train vae`: trains the speech tokenizer, then measures its latents.

using System.CommandLine;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;

namespace Ditar.Learn;

internal static class TrainVaeCommand
{
    public static Command Create()
    {
        var output = new Option<DirectoryInfo>("--output", "-o") { Description = "folder of the run: state, log, checkpoint, samples", Required = true };
        var corpus = new Option<DirectoryInfo>("--corpus") { Description = "folder of the training speech (ditar-learn corpus)", Required = true };
        var steps = new Option<int>("--steps") { Description = "length of the run", DefaultValueFactory = _ => 1600 };
        var batch = new Option<int>("--batch") { Description = "crops of 0.6 s in a step", DefaultValueFactory = _ => 16 };
        var rate = new Option<double>("--rate") { Description = "peak learning rate", DefaultValueFactory = _ => 1e-3 };
        var freeze = new Option<DirectoryInfo?>("--freeze-encoder") { Description = "train the decoder alone, starting from the tokenizer in this folder" };
        var decoder = new Option<string?>("--decoder")
        {
            Description = "istft or bigvgan; a kind that the frozen tokenizer does not have starts afresh [default: the frozen tokenizer's, else istft]",
        };
        var threads = new Option<int>("--threads") { Description = "threads; changes no result", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        var seed = new Option<ulong>("--seed") { Description = "seed of start values and draws", DefaultValueFactory = _ => 1 };
        var evaluateEvery = new Option<int>("--evaluate-every") { Description = "steps between held-out figures", DefaultValueFactory = _ => 100 };
        var command = new Command("vae", "Train the speech tokenizer. Goes on where a stopped run left off.")
        {
            output, corpus, steps, batch, rate, freeze, decoder, threads, seed, evaluateEvery,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => TrainCommand.Guard(parsed, () =>
            {
                var start = parsed.GetValue(freeze)?.FullName;
                var options = new VaeTrainingOptions { Batch = parsed.GetValue(batch), FreezeEncoder = start is not null, Seed = parsed.GetValue(seed) };
                var run = new TrainingOptions(
                    new LearningRate(parsed.GetValue(rate), WarmUp: 50, parsed.GetValue(steps), Final: 0.05),
                    new AdamWOptions(Beta1: 0.8, Beta2: 0.99, WeightDecay: 1e-3, Clip: 5),
                    Threads: parsed.GetValue(threads), EvaluateEvery: parsed.GetValue(evaluateEvery), ExportEvery: 400);
                Train(parsed.GetRequiredValue(output).FullName, parsed.GetRequiredValue(corpus).FullName, start, parsed.GetValue(decoder), options, run, cancellation);
            }),
            CancellationToken.None));
        return command;
    }

    private static void Train(
        string folder, string corpusFolder, string? start, string? decoder, VaeTrainingOptions options, TrainingOptions run, CancellationToken cancellation)
    {
        var corpus = Corpus.Load(corpusFolder);
        Autoencoder model;
        IReadOnlyList<KeyValuePair<string, Tensor>> parameters;
        if (start is null)
        {
            var source = new RandomParameters(ElementType.Float32, options.Seed);
            model = new Autoencoder(source.Root, new VaeConfig { Decoder = decoder ?? VaeConfig.InverseStftKind });
            parameters = source.Taken;
        }
        else
        {
            (model, parameters) = VaeCheckpoint.Load(start, decoder, options.Seed);
        }

        var task = new VaeTraining(model, parameters, corpus, options);
        var done = TrainingRun.Run(task, run, folder, Console.WriteLine, cancellation);
        Plot(folder);
        if (done < run.Rate.Steps || options.FreezeEncoder) return;

        // The encoder is final: what was exported are the averaged weights, and their latents are what DiTAR will learn.
        (model, parameters) = VaeCheckpoint.Load(folder);
        var latents = LatentCorpus.Encode(model, corpus, run.Threads, cancellation);
        latents.Standardise(model.LatentMean.Values<float>(), model.LatentDeviation.Values<float>());
        VaeCheckpoint.Save(folder, model.Config, parameters);
        latents.Save(Path.Combine(folder, LatentCorpus.FileName));
        Console.WriteLine($"{Path.Combine(folder, LatentCorpus.FileName)}: {latents.Utterances.Count} utterances, {latents.Frames} latents");
    }

    private static void Plot(string folder)
    {
        var panels = TrainingCurves.FromLog(
            File.ReadLines(Path.Combine(folder, TrainingRun.LogFile)),
            [
                new("log-mel", ["train_log_mel", "held_out_log_mel"], LogY: true),
                new("spectral convergence", ["train_convergence", "held_out_convergence"], LogY: true),
                new("log magnitude", ["train_log_magnitude", "held_out_log_magnitude"], LogY: true),
                new("KL per dim", ["train_divergence", "held_out_divergence"]),
            ]);
        CurvePlot.Write(Path.Combine(folder, "curves.svg"), "Speech tokenizer", panels);
    }
}
