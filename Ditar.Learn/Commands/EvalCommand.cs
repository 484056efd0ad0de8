// `ditar-learn eval`: the held-out figures of a checkpoint, as a table and as JSON.

using System.CommandLine;
using System.Text.Json;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Learn;

internal static class EvalCommand
{
    public static Command Create()
    {
        var model = new Option<DirectoryInfo>("--model") { Description = "folder of the checkpoint", DefaultValueFactory = _ => new DirectoryInfo("models/ditar-tiny") };
        var corpus = new Option<DirectoryInfo>("--corpus") { Description = "folder of the speech with its held-out texts (ditar-learn corpus)", Required = true };
        var sentences = new Option<int>("--sentences") { Description = "sentences per voice: candidates of the retrieval", DefaultValueFactory = _ => 50 };
        var digits = new Option<int>("--digits") { Description = "digit strings per voice", DefaultValueFactory = _ => 30 };
        var steps = new Option<int?>("--steps") { Description = "solver steps; default: the checkpoint's" };
        var guidance = new Option<double?>("--guidance") { Description = "guidance w; default: the checkpoint's" };
        var temperature = new Option<double?>("--temperature") { Description = "tau; default: the checkpoint's" };
        var seed = new Option<ulong>("--seed") { Description = "seed of the noise" };
        var weights = new Option<string?>("--weights")
        {
            Description = $"speak with the fused engine, its weights stored as {string.Join(", ", EngineFormats.Names)}; default: the definition speaks",
            HelpName = "FORMAT",
        };
        weights.AcceptOnlyFromAmong([.. EngineFormats.Names]);
        var samples = new Option<DirectoryInfo?>("--samples") { Description = "write what was spoken to this folder, as WAV" };
        var json = new Option<FileInfo?>("--json") { Description = "write the figures to this file" };
        var threads = new Option<int>("--threads") { Description = "utterances at a time", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        var command = new Command("eval", "Measure a checkpoint on held-out texts.")
        {
            model, corpus, sentences, digits, steps, guidance, temperature, seed, weights, samples, json, threads,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => TrainCommand.Guard(() =>
            {
                var checkpoint = DitarCheckpoint.Load(parsed.GetRequiredValue(model).FullName);
                var defaults = checkpoint.Config.Sampling;
                var sampler = new SamplerOptions
                {
                    Steps = parsed.GetValue(steps) ?? defaults.Steps,
                    Guidance = parsed.GetValue(guidance) ?? defaults.Guidance,
                    Temperature = parsed.GetValue(temperature) ?? defaults.Temperature,
                    Seed = parsed.GetValue(seed),
                };
                var options = new EvaluationOptions(sampler, parsed.GetValue(sentences), parsed.GetValue(digits), Threads: parsed.GetValue(threads));
                using var speaker = parsed.GetValue(weights) is { } format ? SpeakingModel.Engine(checkpoint, EngineFormats.Named(format)) : SpeakingModel.Definition(checkpoint);
                Console.WriteLine($"spoken by {speaker.Name}");
                var evaluation = new SpeechEvaluation(checkpoint, speaker, Corpus.Load(parsed.GetRequiredValue(corpus).FullName), options);
                Run(evaluation, speaker, checkpoint.Voices, sampler, parsed.GetValue(samples)?.FullName, parsed.GetValue(json)?.FullName, cancellation);
            }),
            CancellationToken.None));
        return command;
    }

    private static void Run(
        SpeechEvaluation evaluation, SpeakingModel speaker, IReadOnlyList<Voice> voices, SamplerOptions sampler, string? samples, string? json, CancellationToken cancellation)
    {
        Console.WriteLine($"steps {sampler.Steps}, guidance {sampler.Guidance}, temperature {sampler.Temperature}, seed {sampler.Seed}");
        var (logMel, distortion) = evaluation.Reconstruction();
        Console.WriteLine($"tokenizer: log-mel distance {logMel:F3}, mel-cepstral distortion {distortion:F2} dB");
        if (evaluation.NoDigits is { } reason) Console.WriteLine($"digits are not scored: {reason}");
        var scores = new List<VoiceScores>();
        foreach (var voice in voices)
        {
            var (score, sentences, digits) = evaluation.Score(voice, cancellation);
            scores.Add(score);
            Console.WriteLine(
                $"{score.Voice}: retrieval {score.Retrieved} of {score.Candidates}, MCD {score.Distortion:F2} dB, length {score.Length.MeanRatio:F2} with "
                + $"{score.Length.WithinQuarter:P0} within 25 %, {score.Length.AtLimit} of {score.Length.Utterances} at the limit, "
                + $"F0 {score.MedianF0:F0} Hz (flite {score.ReferenceF0:F0}), digits {score.Digits?.Rate:P1} WER (flite {score.FliteDigits?.Rate:P1})");
            if (samples is not null) Save(samples, score.Voice, [.. sentences, .. digits]);
        }

        if (json is not null) AtomicFile.Write(json, Json(speaker.Name, sampler, logMel, distortion, scores));
    }

    private static void Save(string folder, string voice, IReadOnlyList<SpokenItem> items)
    {
        Directory.CreateDirectory(folder);
        foreach (var item in items)
            WavWriter.Write(Path.Combine(folder, $"{voice}-{item.Reference.Id}-{item.Reference.Text.Replace(' ', '_')}.wav"), item.Audio, Flite.SampleRate);
    }

    private static byte[] Json(string speaker, SamplerOptions sampler, double logMel, double distortion, IReadOnlyList<VoiceScores> scores)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("speaker", speaker);
            json.WriteNumber("steps", sampler.Steps);
            json.WriteNumber("guidance", sampler.Guidance);
            json.WriteNumber("temperature", sampler.Temperature);
            json.WriteNumber("seed", sampler.Seed);
            json.WriteNumber("tokenizer_log_mel", Math.Round(logMel, 4));
            json.WriteNumber("tokenizer_mcd_db", Math.Round(distortion, 3));
            json.WriteStartArray("voices");
            foreach (var s in scores)
            {
                json.WriteStartObject();
                json.WriteString("voice", s.Voice);
                json.WriteNumber("candidates", s.Candidates);
                json.WriteNumber("retrieved", s.Retrieved);
                json.WriteNumber("mcd_db", Math.Round(s.Distortion, 3));
                json.WriteNumber("utterances", s.Length.Utterances);
                json.WriteNumber("length_ratio", Math.Round(s.Length.MeanRatio, 4));
                json.WriteNumber("length_within_quarter", Math.Round(s.Length.WithinQuarter, 4));
                json.WriteNumber("at_limit", s.Length.AtLimit);
                if (s.MedianF0 is { } f0) json.WriteNumber("f0_hz", Math.Round(f0, 1));
                if (s.ReferenceF0 is { } reference) json.WriteNumber("flite_f0_hz", Math.Round(reference, 1));
                if (s.Digits is { } own) json.WriteNumber("digit_wer", Math.Round(own.Rate, 4));
                if (s.FliteDigits is { } flite) json.WriteNumber("flite_digit_wer", Math.Round(flite.Rate, 4));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
