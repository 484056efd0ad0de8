// `ditar-learn package`: folds a trained model, its speech tokenizer and stored prompts into the folder that is shipped, weights as bfloat16.

using System.CommandLine;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Text;

namespace Ditar.Learn;

internal static class PackageCommand
{
    public static Command Create()
    {
        var output = new Option<DirectoryInfo>("--output", "-o") { Description = "folder of the checkpoint", Required = true };
        var ditar = new Option<DirectoryInfo>("--ditar") { Description = "folder of the run of `train ditar`", Required = true };
        var vae = new Option<DirectoryInfo>("--vae") { Description = "folder of the run of `train vae` whose decoder is shipped", Required = true };
        var latents = new Option<DirectoryInfo>("--latents") { Description = "folder of the run of `train vae` that left the latents", Required = true };
        var corpus = new Option<DirectoryInfo>("--corpus") { Description = "folder of the training speech", Required = true };
        var voices = new Option<string[]>("--voice") { Description = "NAME=UTTERANCE: a voice and the training utterance stored as its prompt; the first is the default", Required = true };
        var history = new Option<int>("--history") { Description = "K of the run", DefaultValueFactory = _ => 1 };
        var steps = new Option<int>("--steps") { Description = "default solver steps", DefaultValueFactory = _ => 10 };
        var guidance = new Option<double>("--guidance") { Description = "default guidance", DefaultValueFactory = _ => 1 };
        var command = new Command("package", "Fold a trained model into a checkpoint folder.") { output, ditar, vae, latents, corpus, voices, history, steps, guidance };
        command.SetAction(parsed => TrainCommand.Guard(() =>
        {
            var stored = LatentCorpus.Load(
                Path.Combine(parsed.GetRequiredValue(latents).FullName, LatentCorpus.FileName), parsed.GetRequiredValue(corpus).FullName);
            Write(
                parsed.GetRequiredValue(output).FullName, parsed.GetRequiredValue(ditar).FullName, parsed.GetRequiredValue(vae).FullName, stored,
                [.. parsed.GetRequiredValue(voices).Select(Split)],
                parsed.GetValue(history), new SamplingDefaults(parsed.GetValue(steps), parsed.GetValue(guidance), 1, 0.5));
        }));
        return command;
    }

    private static void Write(
        string folder, string ditar, string vae, LatentCorpus latents, IReadOnlyList<(string Name, int Utterance)> voices, int history, SamplingDefaults sampling)
    {
        var model = DitarConfig.Tiny(SpeechSymbols.Count) with { LatentDim = latents.Dim, HistoryPatches = history };
        var weights = Path.Combine(ditar, DitarTask.ModelFile);
        IReadOnlyList<KeyValuePair<string, Tensor>> parameters;
        using (var file = SafetensorsFile.Open(weights))
        {
            var source = new CheckpointParameters(file, ElementType.Float32);
            _ = new DitarModel(source, model);
            source.RequireAllTaken();
            parameters = source.Taken;
        }

        var (autoencoder, vaeParameters) = VaeCheckpoint.Load(vae);
        Directory.CreateDirectory(folder);
        Save(Path.Combine(folder, DitarCheckpoint.ModelFile), parameters);
        Save(Path.Combine(folder, DitarCheckpoint.VaeFile), vaeParameters);
        CharacterTokenizer.Default.Save(Path.Combine(folder, DitarCheckpoint.TokenizerFile));

        var prompts = new SafetensorsWriter();
        var entries = new List<VoiceEntry>();
        var size = model.PatchSize * model.LatentDim;
        foreach (var (name, number) in voices)
        {
            if (number < 0 || number >= latents.Utterances.Count || latents.Utterances[number].Split != CorpusSplit.Train)
                throw new ArgumentException($"Voice {name}: utterance {number} is not one of the training set.");
            var utterance = latents.Utterances[number];
            var values = latents.Latents(utterance).ToArray();
            prompts.Add(name, [values.Length / size, model.PatchSize, model.LatentDim], values, SafetensorsType.F16);
            entries.Add(new VoiceEntry(name, utterance.Text));
            Console.WriteLine($"{name}: \"{utterance.Text}\", {utterance.Patches} patches, {utterance.Voice}");
        }

        prompts.Save(Path.Combine(folder, DitarCheckpoint.VoicesFile));
        new CheckpointConfig
        {
            Kind = CheckpointConfig.KindName,
            Format = CheckpointConfig.CurrentFormat,
            Model = model,
            Vae = autoencoder.Config,
            Sampling = sampling,
            Voices = entries,
        }.Write(Path.Combine(folder, DitarCheckpoint.ConfigFile));

        // What was written must load.
        var checkpoint = DitarCheckpoint.Load(folder);
        Console.WriteLine($"{folder}: {new DirectoryInfo(folder).EnumerateFiles().Sum(f => f.Length) / 1e6:F1} MB, voices {string.Join(", ", checkpoint.Voices.Select(v => v.Name))}");
    }

    private static void Save(string path, IReadOnlyList<KeyValuePair<string, Tensor>> parameters)
    {
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in parameters) writer.Add(name, [.. tensor.Shape.ToArray().Select(e => (long)e)], tensor.ToSingles(), SafetensorsType.BF16);
        writer.Save(path);
    }

    private static (string Name, int Utterance) Split(string voice)
    {
        var parts = voice.Split('=');
        return parts.Length == 2 && int.TryParse(parts[1], out var number)
            ? (parts[0], number)
            : throw new ArgumentException($"--voice is NAME=UTTERANCE, found {voice}.");
    }
}
