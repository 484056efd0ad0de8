// Training the tokenizer on a synthetic corpus: resume, frozen encoder, checkpoints, and the latents handed to DiTAR's training.

using System.Runtime.InteropServices;
using System.Text.Json;
using Ditar.Learn;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Learn;

public sealed class VaeTrainingTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ditar-vae-").FullName;
    private readonly Corpus corpus;

    public VaeTrainingTests() => corpus = Tones(Path.Combine(root, "corpus"));

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void AResumedRunEqualsTheUninterruptedOneAndThreadsChangeNoBit()
    {
        Run("whole", Options(4));
        Run("parts", Options(4) with { StopAt = 2, Threads = 1 });
        Run("parts", Options(4));
        Assert.Equal(State("whole"), State("parts"));
        Assert.True(File.Exists(Path.Combine(root, "whole", "samples", "3-rms.wav")));
    }

    [Fact]
    public void TheDecoderAloneLeavesTheEncoderAloneAndImproves()
    {
        Run("joint", Options(1));
        var (_, before) = VaeCheckpoint.Load(Path.Combine(root, "joint"));
        var (model, parameters) = VaeCheckpoint.Load(Path.Combine(root, "joint"));
        var task = new VaeTraining(model, parameters, corpus, Recipe with { FreezeEncoder = true });
        var start = HeldOut(task);
        TrainingRun.Run(task, Options(25), Path.Combine(root, "decoder"), _ => { }, CancellationToken.None);
        var (_, after) = VaeCheckpoint.Load(Path.Combine(root, "decoder"));

        Assert.All(task.Parameters, p => Assert.StartsWith("decoder.", p.Key, StringComparison.Ordinal));
        foreach (var (old, now) in before.Zip(after))
        {
            Assert.Equal(old.Key, now.Key);
            if (old.Key.StartsWith("decoder.", StringComparison.Ordinal)) continue;
            Assert.Equal(old.Value.ToSingles(), now.Value.ToSingles());
        }

        Assert.InRange(HeldOut(task), 0, 0.9 * start);
    }

    [Fact]
    public void LatentsAreStandardisedOverTheTrainingSplitAndSurviveTheFile()
    {
        var (model, parameters) = Model();
        var latents = LatentCorpus.Encode(model, corpus, threads: 2, CancellationToken.None);
        var raw = latents.Latents(corpus.Utterances[1]).ToArray();
        Assert.Throws<InvalidOperationException>(() => latents.Save(Path.Combine(root, "raw")));
        latents.Standardise(model.LatentMean.Values<float>(), model.LatentDeviation.Values<float>());
        VaeCheckpoint.Save(root, model.Config, parameters);
        var path = Path.Combine(root, LatentCorpus.FileName);
        latents.Save(path);

        var (loaded, _) = VaeCheckpoint.Load(root);
        Assert.Equal(model.LatentDeviation.ToSingles(), loaded.LatentDeviation.ToSingles());
        var again = LatentCorpus.Load(path, Path.Combine(root, "corpus")).ToUtterances();
        Assert.Equal(corpus.Utterances.Count, again.Count);
        for (var i = 0; i < again.Count; i++)
        {
            Assert.Equal(corpus.Utterances[i].Text, again[i].Text);
            Assert.Equal(corpus.Utterances[i].Phones, again[i].Phones);
            Assert.Equal(corpus.Utterances[i].Phones.Length * 2, again[i].Latents.Length);
            Assert.Equal(latents.Latents(corpus.Utterances[i]).ToArray(), again[i].Latents);
        }

        for (var channel = 0; channel < 2; channel++)
        {
            double[] values = [.. again.Where(u => u.Split == CorpusSplit.Train).SelectMany(u => u.Latents.Where((_, i) => i % 2 == channel)).Select(v => (double)v)];
            Assert.Equal(0, values.Average(), 20 * Tolerances.U);
            Assert.Equal(1, values.Select(v => v * v).Average(), 20 * Tolerances.U);
            Assert.Equal(again[1].Latents[channel], (raw[channel] - model.LatentMean.ToSingles()[channel]) / model.LatentDeviation.ToSingles()[channel], 4 * Tolerances.U);
        }
    }

    [Fact]
    public void WhatIsMissingOrForeignIsNamed()
    {
        Assert.Contains("ditar-learn train vae", Assert.Throws<TrainingException>(() => VaeCheckpoint.Load(root)).Message, StringComparison.Ordinal);
        var (model, parameters) = Model();
        VaeCheckpoint.Save(root, model.Config with { LatentDim = 3 }, parameters);
        Assert.Contains("encoder.head.weight", Assert.Throws<Ditar.Reference.Files.CheckpointException>(() => VaeCheckpoint.Load(root)).Message, StringComparison.Ordinal);
        var config = Path.Combine(root, VaeCheckpoint.ConfigFile);
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"latent_dim\": 3", "\"latent_dim\": -1", StringComparison.Ordinal));
        Assert.Contains("LatentDim", Assert.Throws<TrainingException>(() => VaeCheckpoint.Load(root)).Message, StringComparison.Ordinal);
    }

    private static VaeTrainingOptions Recipe => new() { Batch = 4, CropSeconds = 0.1, HeldOutCrops = 4 };

    private static TrainingOptions Options(int steps) =>
        new(new LearningRate(5e-3, 2, steps, 0.1), new AdamWOptions(Average: 0.5), EvaluateEvery: 5000, ExportEvery: 5000);

    private void Run(string name, TrainingOptions options)
    {
        var (model, parameters) = Model();
        TrainingRun.Run(new VaeTraining(model, parameters, corpus, Recipe), options, Path.Combine(root, name), _ => { }, CancellationToken.None);
    }

    private byte[] State(string name) => File.ReadAllBytes(Path.Combine(root, name, TrainingState.FileName));

    private static double HeldOut(VaeTraining task)
    {
        var figures = new Figures();
        task.Evaluate(0, figures);
        return figures.Means.Single(f => f.Name == "held_out_log_mel").Mean;
    }

    private static (Autoencoder Model, IReadOnlyList<KeyValuePair<string, Tensor>> Parameters) Model()
    {
        var source = new RandomParameters(ElementType.Float32, 9);
        var config = new VaeConfig { Channels = [2, 2, 3, 3], LatentDim = 2, InverseStft = new() { Width = 4, Hidden = 6, LatentBlocks = 1, FrameBlocks = 1 } };
        return (new Autoencoder(source.Root, config), source.Taken);
    }

    // Eight utterances of a second or less: two "voices", each a buzz of its own pitch.
    private static Corpus Tones(string folder)
    {
        Directory.CreateDirectory(folder);
        var header = new CorpusHeader { Version = Corpus.Version, Recipe = new CorpusRecipe { Texts = 8 }, Phones = PhoneTable.Symbols };
        var index = new List<string>();
        var audio = new List<short>();
        for (var id = 0; id < 8; id++)
        {
            var samples = 1600 * (1 + (id % 4));
            index.Add(JsonSerializer.Serialize(
                new CorpusUtterance
                {
                    Id = id,
                    Text = $"text {id}",
                    Kind = TextKind.Digits,
                    Voice = id % 2 == 0 ? "slt" : "rms",
                    Split = id is 2 or 3 ? CorpusSplit.HeldOut : CorpusSplit.Train,
                    Offset = audio.Count,
                    Samples = samples,
                    Phones = [.. Enumerable.Range(0, samples / 400).Select(i => i % 3)],
                },
                CorpusJson.Default.CorpusUtterance));
            for (var t = 0; t < samples; t++)
                audio.Add((short)(6000 * Math.Sin(2 * Math.PI * t * (id % 2 == 0 ? 180 : 110) / 16000.0) * Math.Sin(t * (id + 1) / 700.0)));
        }

        File.WriteAllLines(Path.Combine(folder, Corpus.IndexFile), index);
        File.WriteAllBytes(Path.Combine(folder, Corpus.AudioFile), MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(audio)).ToArray());
        File.WriteAllText(Path.Combine(folder, Corpus.HeaderFile), JsonSerializer.Serialize(header, CorpusJson.Default.CorpusHeader));
        return Corpus.Load(folder);
    }
}
