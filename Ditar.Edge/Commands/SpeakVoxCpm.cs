// What `ditar say` does with an official VoxCPM folder. The text is one utterance; a voice is heard from recordings. A file is written when its sound is
// known to be good: an attempt that runs into its limit is made again with the next seed, as the official code does. Sound that is played or piped comes
// patch by patch and has one attempt. Left out: the fused engine but for its decoder, sentences, stored voices.

using System.Diagnostics;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Signal;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Edge;

/// <summary>What only VoxCPM models take.</summary>
/// <param name="Reference">A recording to take the voice from.</param>
/// <param name="Control">A description of voice or style.</param>
/// <param name="Noise">"philox", "torch-cpu", or a safetensors file; null for philox.</param>
/// <param name="Lora">A folder to merge.</param>
internal sealed record VoxCpmRequest(string? Reference, string? Control, string? Noise, string? Lora)
{
    public bool IsEmpty => (Reference ?? Control ?? Noise ?? Lora) is null;
}

internal static class SpeakVoxCpm
{
    private const int Attempts = 3;
    private const double LongestSeconds = 120;
    private const string NoiseTensor = "noise";

    public static int Run(SayRequest request, string folder, string text)
    {
        var kind = KernelsOf(request);
        if (request.VoiceName is not null) throw new SpeechException("a VoxCPM folder stores no voices; give a recording with --prompt or --reference");
        if (request.Options.Temperature is not null) throw new SpeechException("VoxCPM has no temperature");
        if (request.VoxCpm is { Control: not null } && request.PromptText is not null) throw new SpeechException("--control describes a voice or a style, which a prompt already has");
        using var interrupts = new Interrupts();
        var cancellation = interrupts.Token;
        var clock = Stopwatch.StartNew();
        using var pool = request.Backend.Threads > 1 ? new WorkerPool(request.Backend.Threads) : null;
        using var kernels = KernelSet.Use(kind == BackendKind.Reference ? new PlainKernels() : new SimdKernels(pool));
        using var checkpoint = VoxCpmCheckpoint.Open(folder);
        using var lora = request.VoxCpm.Lora is { } adapted ? LoraWeights.Open(adapted, checkpoint.Config) : null;
        var (model, vae) = (checkpoint.ReadModel(lora: lora, later: true), checkpoint.ReadVae());
        var (vocoder, decoder) = kind == BackendKind.Reference ? (vae.Vocoder(), "") : Vocoder(vae, pool);
        using var packed = vocoder as IDisposable;
        var speaker = new VoxCpmSpeaker(model, checkpoint.Tokenizer, vocoder);
        var loading = clock.Elapsed;
        var name = kind == BackendKind.Reference ? "definition on plain kernels" : $"definition on simd kernels, {decoder}, {VectorBits.Name}";
        var rate = vae.Config.OutputRate;
        using var progress = new SpeechProgress(rate, $"{name}, {request.Backend.Threads} thread{(request.Backend.Threads == 1 ? "" : "s")}", null, request.Quiet);
        var patchSize = checkpoint.Config.PatchSize;
        var voice = new VoxCpmVoice(
            request.PromptText,
            request.Prompt is { } prompt ? VoxCpmVoice.EncodePrompt(vae, Recording(prompt, vae.Config.SampleRate, progress.Notice), patchSize) : null,
            request.VoxCpm.Reference is { } reference ? VoxCpmVoice.EncodeReference(vae, Recording(reference, vae.Config.SampleRate, progress.Notice), patchSize) : null);
        var spoken = VoxCpmSpeaker.Folded(text);
        if (request.VoxCpm.Control is { } control) spoken = VoxCpmSpeaker.Styled(control, spoken);
        var options = new VoxCpmOptions { Steps = request.Options.Steps ?? 10, Guidance = 1 + (request.Options.Guidance ?? 1) };
        speaker.Request(spoken, voice, options, new SeededNoise(0));                               // what is wrong with it is said before the output is opened

        var picture = request.Plot is null ? null : new SpeechPlot(rate, patchSize * vae.Config.DecoderHop);
        using var sink = SpeakAloud.OpenSink(request.Output, rate);
        using var player = request.Play ? Player.Start(rate, progress.Notice) : null;
        progress.Begin(loading);
        try
        {
            var streaming = request.Play || request.Output == InputText.StandardInput;
            foreach (var chunk in Chunks(streaming ? 1 : Attempts))
            {
                sink.Append(chunk.Samples);
                player?.Append(chunk.Samples);
                picture?.Add(chunk);
            }

            sink.Keep();
            if (picture is not null) AtomicFile.Write(request.Plot!, System.Text.Encoding.UTF8.GetBytes(picture.Draw()));
            progress.End(sink, request.Plot);
            if (request is { Quiet: true, Output: null }) Console.WriteLine(sink.Name);
            player?.Finish(sink.Name, cancellation);
            return cancellation.IsCancellationRequested ? ExitCode.Cancelled : ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            sink.Keep();
            progress.Cancelled(sink);
            return ExitCode.Cancelled;
        }

        IEnumerable<SpeechChunk> Chunks(int attempts)
        {
            if (attempts == 1) return Attempt(request.Options.Seed);
            for (var attempt = 0; ; attempt++)
            {
                var chunks = Attempt(request.Options.Seed + (ulong)attempt).ToList();
                if (attempt + 1 == attempts || !speaker.RunsOn(spoken, chunks.Count, options)) return chunks;
                progress.Notice($"{chunks.Count} patches are too many for so short a text; trying seed {request.Options.Seed + (ulong)attempt + 1}");
                progress.Restart();
            }
        }

        IEnumerable<SpeechChunk> Attempt(ulong seed)
        {
            var utterance = new Utterance(0, 1, spoken, UtteranceBreak.Sentence);
            foreach (var patch in speaker.Generate(speaker.Request(spoken, voice, options, NoiseOf(request.VoxCpm.Noise, seed)), cancellation: cancellation))
            {
                foreach (var sample in patch.Samples)
                    if (!float.IsFinite(sample)) throw new SpeechException($"the model's sound is not a number from patch {patch.Number} on; its weights must be damaged");
                var chunk = new SpeechChunk(patch.Samples, utterance, patch.Number, patch.StopProbability, patch.Last, 0);
                progress.Add(chunk);
                yield return chunk;
            }
        }
    }

    private static BackendKind KernelsOf(SayRequest request) => request.Backend.Kind switch
    {
        BackendKind.Simd when request.BackendTyped => throw new SpeechException("the fused engine does not speak VoxCPM models; take --backend definition"),
        BackendKind.Onnx => throw new SpeechException("exported graphs of VoxCPM models cannot be run; take --backend definition"),
        BackendKind.Simd => BackendKind.Definition,
        var kind => kind,
    };

    // The definition's decoder where the fused one lacks a part, and the engine's line says so.
    private static (IVocoder Vocoder, string Name) Vocoder(AudioVae vae, WorkerPool? pool)
    {
        try
        {
            return (new FusedVocoder(vae, pool), "fused decoder");
        }
        catch (NotSupportedException missing)
        {
            return (vae.Vocoder(), $"definition's decoder ({missing.Message.TrimEnd('.')})");
        }
    }

    // Mono, at the encoder's rate, full length: the official code cuts nothing either.
    private static float[] Recording(string path, int rate, Action<string> notice)
    {
        var audio = WavFile.Read(path, TimeSpan.FromSeconds(LongestSeconds + 1));
        foreach (var warning in audio.Warnings) notice($"{path}: {warning}");
        if (audio.Duration.TotalSeconds > LongestSeconds) throw new SpeechException($"{path} lasts {audio.Duration.TotalSeconds:0.0} s; at most {LongestSeconds:0} s can be heard");
        var mono = audio.ToMono();
        if (mono.Length == 0) throw new SpeechException($"{path} holds no sound");
        if (audio.SampleRate == rate) return mono;
        if ((long)audio.SampleRate * Resampler.MaximumRatio < rate || (long)rate * Resampler.MaximumRatio < audio.SampleRate)
            throw new SpeechException($"{path} has {audio.SampleRate} samples a second; that is no speech the model could hear at {rate}");
        notice($"{path}: resampled from {audio.SampleRate} to {rate} Hz");
        return Resampler.Resample(mono, audio.SampleRate, rate);
    }

    private static INoise NoiseOf(string? name, ulong seed) => name switch
    {
        null or "philox" => new SeededNoise(seed),
        "torch-cpu" => new TorchCpuNoise(seed),
        _ => Recorded(name),
    };

    // [patches, D, P], as the official solver draws them.
    private static GivenNoise Recorded(string path)
    {
        if (!File.Exists(path)) throw new SpeechException($"--noise is philox, torch-cpu, or a safetensors file; there is no {path}");
        using var file = SafetensorsFile.Open(path);
        var entry = file.Entries.Count == 1 ? file.Entries[0] : file[NoiseTensor];
        if (entry.Shape.Count != 3 || entry.Count is 0 or > 1 << 24) throw new CheckpointException(path, entry.Name, "noise [patches, D, P]", CheckpointException.Shape(entry.Shape));
        file.CheckFinite(entry.Name);
        var values = new float[entry.Count];
        file.ReadFloat32(entry.Name, values);
        var noise = Tensor.From(values, [.. entry.Shape.Select(extent => (int)extent)]).Transpose(1, 2); // [patches, P, D]
        return new GivenNoise([.. Enumerable.Range(0, noise[0]).Select(patch => noise.Slice(0, patch, 1))]);
    }
}
