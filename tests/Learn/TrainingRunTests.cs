// Training laws: a run that was stopped and resumed equals the uninterrupted one to the last bit, so does one with another thread count, and the
// loss of a memorisable set goes down.

using Ditar.Learn;
using Ditar.Tests.Reference.Speech;

namespace Ditar.Tests.Learn;

public sealed class TrainingRunTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ditar-training-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void AResumedRunEqualsTheUninterruptedOne()
    {
        Run("whole", Options(12));
        Run("parts", Options(12) with { StopAt = 5 });
        Run("parts", Options(12));
        Assert.Equal(State("whole"), State("parts"));
    }

    [Fact]
    public void TheThreadCountChangesNoBit()
    {
        Run("two", Options(6));
        Run("one", Options(6) with { Threads = 1 });
        Assert.Equal(State("two"), State("one"));
    }

    [Fact]
    public void TheLossGoesDown()
    {
        Run("long", Options(300));
        var losses = File.ReadLines(Path.Combine(root, "long", TrainingRun.LogFile))
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("diffusion").GetDouble()).ToArray();
        Assert.True(losses[^3..].Average() < 0.9 * losses[0], $"from {losses[0]} to {losses[^3..].Average()}");
    }

    [Fact]
    public void AStateOfAnotherTaskIsRefused()
    {
        Run("mine", Options(1));
        var optimiser = new AdamW(Task().Parameters, new());
        Assert.Throws<Ditar.Reference.Files.CheckpointException>(() => TrainingState.Load(Path.Combine(root, "mine"), "vae", optimiser));
    }

    [Fact]
    public void ANonFiniteGradientStopsTheRunAndChangesNothing()
    {
        var optimiser = new AdamW(Task().Parameters, new());
        var before = optimiser.Parameters[0].Value.ToSingles();
        var gradients = optimiser.Parameters.Select(p => new float[p.Value.Count]).ToArray();
        gradients[^1][0] = float.NaN;
        Assert.Throws<TrainingException>(() => optimiser.Step(gradients, 0, 1e-3));
        Assert.Equal(before, optimiser.Parameters[0].Value.ToSingles());
    }

    private static TrainingOptions Options(int steps) =>
        new(new LearningRate(3e-3, 5, steps, 0.1), new AdamWOptions(), EvaluateEvery: 5000, ExportEvery: 5000);

    private void Run(string name, TrainingOptions options) =>
        TrainingRun.Run(Task(), options, Path.Combine(root, name), _ => { }, CancellationToken.None);

    private byte[] State(string name) => File.ReadAllBytes(Path.Combine(root, name, TrainingState.FileName));

    private static DitarTask Task()
    {
        var config = DitarLossTests.Small(1);
        var random = new Random(4);
        LatentUtterance[] utterances = [.. Enumerable.Range(0, 12).Select(i =>
        {
            var patches = 2 + (i % 3);
            // Latents that follow from the text: what can be learnt.
            var text = new string((char)('a' + (i % 3)), patches);
            float[] latents = [.. Enumerable.Range(0, patches * 6).Select(j => (float)Math.Sin(j + (i % 3)) + (0.1f * random.NextSingle()))];
            return new LatentUtterance(text, TextKind.Digits, "slt", i < 10 ? CorpusSplit.Train : CorpusSplit.HeldOut, latents, new int[patches * 2]);
        })];
        var builder = new DitarBatchBuilder(config, text => [.. text.Select(c => c - 'a')], audioStart: 4, space: 3);
        return new DitarTask(config, utterances, builder, new(new CurriculumOptions(1, Batch: 4, DigitSteps: 3), new BatchDraws(), new(0.3, 3)));
    }
}
