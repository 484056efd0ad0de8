// The loop that every training shares: gradients, optimiser, log, evaluation, checkpoints, cancellation, resume.

using System.Diagnostics;
using System.Text.Json;
using Ditar.Reference;

namespace Ditar.Learn;

/// <summary>What is trained.</summary>
public interface ITrainingTask
{
    /// <summary>Written into the state; a folder of another task is refused.</summary>
    string Name { get; }

    IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    /// <summary>What the picture of the run shows.</summary>
    IReadOnlyList<CurvePanel> Panels { get; }

    /// <summary>The part of the batch loss that one shard computes. A function of the step and the shard alone; called on several threads.</summary>
    Tensor Loss(int step, int shard, int shards, Figures figures);

    /// <summary>Held-out figures; the averaged weights are in place.</summary>
    void Evaluate(int step, Figures figures);

    /// <summary>Writes samples and the checkpoint that others load; the averaged weights are in place.</summary>
    void Export(int step, string folder);
}

/// <param name="StopAt">Steps after which this sitting ends, below the schedule's length; null to run to its end.</param>
public sealed record TrainingOptions(
    LearningRate Rate, AdamWOptions Optimiser, int Shards = 2, int Threads = 2, int LogEvery = 10, int EvaluateEvery = 200, int ExportEvery = 1000,
    double CheckpointSeconds = 120, int? StopAt = null);

public static class TrainingRun
{
    public const string LogFile = "log.jsonl";
    public const string CurvesFile = "curves.svg";

    /// <summary>Runs to the end of the schedule, or until cancelled; either way the state is saved, and the same call goes on from it.</summary>
    /// <returns>The number of steps done.</returns>
    public static int Run(ITrainingTask task, TrainingOptions options, string folder, Action<string> say, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var optimiser = new AdamW(task.Parameters, options.Optimiser);
        var step = TrainingState.Load(folder, task.Name, optimiser);
        var last = Math.Min(options.Rate.Steps, options.StopAt ?? int.MaxValue);
        say($"{task.Name}: {task.Parameters.Sum(p => p.Value.Count):N0} parameters, {(step == 0 ? "from the start" : $"going on at step {step}")} of {options.Rate.Steps}");
        var gradients = new ShardedGradients(task.Parameters.Select(p => p.Value), options.Shards, options.Threads);
        using var log = new StreamWriter(new FileStream(Path.Combine(folder, LogFile), FileMode.Append, FileAccess.Write, FileShare.Read));
        var figures = new Figures();
        var sinceSave = Stopwatch.StartNew();
        while (step < last && !cancellation.IsCancellationRequested)
        {
            var watch = Stopwatch.StartNew();
            var current = step;
            var sum = gradients.Compute((shard, own) => task.Loss(current, shard, options.Shards, own), figures);
            var rate = options.Rate.At(step);
            figures.Add("gradient_norm", optimiser.Step(sum, step, rate));
            figures.Add("seconds_per_step", watch.Elapsed.TotalSeconds);
            step++;

            var evaluate = step % options.EvaluateEvery == 0 || step == last;
            if (evaluate) optimiser.WithAverages(() => task.Evaluate(step, figures));
            if (evaluate || step % options.LogEvery == 0)
            {
                Write(log, step, rate, figures, evaluate ? say : null);
                figures = new Figures();
                if (evaluate) Draw(task, folder);
            }

            if (step % options.ExportEvery == 0 || step == last) optimiser.WithAverages(() => task.Export(step, folder));
            if (sinceSave.Elapsed.TotalSeconds >= options.CheckpointSeconds)
            {
                TrainingState.Save(folder, task.Name, optimiser, step);
                sinceSave.Restart();
            }
        }

        TrainingState.Save(folder, task.Name, optimiser, step);
        say(step < options.Rate.Steps ? $"stopped at step {step}; the same command goes on" : $"done: {step} steps");
        return step;
    }

    private static void Draw(ITrainingTask task, string folder) =>
        CurvePlot.Write(Path.Combine(folder, CurvesFile), task.Name, TrainingCurves.FromLog(ReadLog(Path.Combine(folder, LogFile)), task.Panels));

    // The log is open for writing while it is read.
    private static IEnumerable<string> ReadLog(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static void Write(StreamWriter log, int step, double rate, Figures figures, Action<string>? say)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            json.WriteNumber("rate", rate);
            json.WriteNumber("process_cpu_minutes", Math.Round(Environment.CpuUsage.TotalTime.TotalMinutes, 3));
            foreach (var (name, mean) in figures.Means) json.WriteNumber(name, double.IsFinite(mean) ? Math.Round(mean, 6) : double.MaxValue);
            json.WriteEndObject();
        }

        log.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        log.Flush();
        say?.Invoke($"step {step}: {string.Join(", ", figures.Means.Select(f => $"{f.Name} {f.Mean:0.####}"))}");
    }
}
