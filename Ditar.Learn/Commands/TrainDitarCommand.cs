// `ditar-learn train ditar`: trains the speech model on the latents that `train vae` left.

using System.CommandLine;
using Ditar.Reference.Speech;

namespace Ditar.Learn;

internal static class TrainDitarCommand
{
    public static Command Create()
    {
        var curriculum = new CurriculumOptions(1);
        var output = new Option<DirectoryInfo>("--output", "-o") { Description = "folder of the run: state, log, weights", Required = true };
        var corpus = new Option<DirectoryInfo>("--corpus") { Description = "folder of the training speech (ditar-learn corpus)", Required = true };
        var tokenizer = new Option<DirectoryInfo>("--vae") { Description = "folder of the speech tokenizer with its latents (ditar-learn train vae)", Required = true };
        var steps = new Option<int>("--steps") { Description = "length of the schedule", DefaultValueFactory = _ => 12_000 };
        var stopAt = new Option<int?>("--stop-at") { Description = "end this sitting after this step of the schedule" };
        var hold = new Option<int>("--hold") { Description = "hold the peak rate up to this step; the cosine runs from there to the end" };
        var rate = new Option<double>("--rate") { Description = "peak learning rate", DefaultValueFactory = _ => 1e-3 };
        var batch = new Option<int>("--batch") { Description = "utterances in a step", DefaultValueFactory = _ => curriculum.Batch };
        var digits = new Option<int>("--digit-steps") { Description = "steps at the start on digit strings only, without prompts", DefaultValueFactory = _ => curriculum.DigitSteps };
        var prompts = new Option<double>("--prompt-share") { Description = "share of utterances that follow a prompt", DefaultValueFactory = _ => curriculum.PromptShare };
        var history = new Option<int>("--history") { Description = "K: history patches", DefaultValueFactory = _ => 1 };
        var drop = new Option<double>("--drop") { Description = "share of patches whose condition is dropped for guidance", DefaultValueFactory = _ => 0.1 };
        var phones = new Option<double>("--phones") { Description = "weight of the phone head; 0 leaves it out", DefaultValueFactory = _ => 0.3 };
        var threads = new Option<int>("--threads") { Description = "threads; changes no result", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        var seed = new Option<ulong>("--seed") { Description = "seed of start values and draws", DefaultValueFactory = _ => 1 };
        var evaluateEvery = new Option<int>("--evaluate-every") { Description = "steps between held-out figures", DefaultValueFactory = _ => 250 };
        var command = new Command("ditar", "Train the tiny DiTAR. Goes on where a stopped run left off.")
        {
            output, corpus, tokenizer, steps, stopAt, hold, rate, batch, digits, prompts, history, drop, phones, threads, seed, evaluateEvery,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => TrainCommand.Guard(parsed, () =>
            {
                var options = new DitarTaskOptions(
                    new CurriculumOptions(parsed.GetValue(seed), parsed.GetValue(batch), parsed.GetValue(digits), parsed.GetValue(prompts)),
                    new BatchDraws(DropCondition: parsed.GetValue(drop)),
                    new DitarLossOptions(StopWeight: 0.3, StopPositiveWeight: 3),
                    parsed.GetValue(phones));
                var run = new TrainingOptions(
                    new LearningRate(parsed.GetValue(rate), WarmUp: 100, parsed.GetValue(steps), Final: 0.05, parsed.GetValue(hold)),
                    new AdamWOptions(),
                    Threads: parsed.GetValue(threads), EvaluateEvery: parsed.GetValue(evaluateEvery), ExportEvery: 500, StopAt: parsed.GetValue(stopAt));
                var latents = LatentCorpus.Load(
                    Path.Combine(parsed.GetRequiredValue(tokenizer).FullName, LatentCorpus.FileName), parsed.GetRequiredValue(corpus).FullName);
                var (autoencoder, _) = VaeCheckpoint.Load(parsed.GetRequiredValue(tokenizer).FullName);
                var config = DitarConfig.Tiny(SpeechSymbols.Count) with { HistoryPatches = parsed.GetValue(history), LatentDim = latents.Dim };
                var builder = new DitarBatchBuilder(config, SpeechSymbols.Of, SpeechSymbols.AudioStart, SpeechSymbols.Of(" ")[0]);
                TrainingRun.Run(new DitarTask(config, latents.ToUtterances(), builder, options, autoencoder), run, parsed.GetRequiredValue(output).FullName, Console.WriteLine, cancellation);
            }),
            CancellationToken.None));
        return command;
    }
}
