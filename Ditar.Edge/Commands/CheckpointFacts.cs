// A checkpoint in numbers, gathered from the loaded model and the headers of its files.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed record ModuleFacts(string Name, long Parameters, string Shape);

/// <param name="Types">Element types of its tensors, with how many numbers each holds.</param>
internal sealed record FileFacts(string Name, long Bytes, int Tensors, IReadOnlyDictionary<string, long> Types);

internal sealed record VoiceFacts(string Name, string Text, int Patches, double Seconds);

/// <param name="EngineBytes">What the weights of the model take in the engine's memory, by the name of the format; without the padding of whole vectors.</param>
/// <param name="Stored">The format that the engine uses when nothing else is asked for.</param>
internal sealed record CheckpointFacts(
    string Folder, long Bytes, long Parameters, int SampleRate, double PatchMilliseconds, IReadOnlyList<ModuleFacts> Modules, IReadOnlyList<FileFacts> Files,
    IReadOnlyList<VoiceFacts> Voices, SamplingDefaults Sampling, DitarConfig Model, VaeConfig Vae, IReadOnlyList<string> Symbols,
    IReadOnlyDictionary<string, long> EngineBytes, string Stored)
{
    /// <exception cref="MalformedFileException">The checkpoint does not load.</exception>
    public static CheckpointFacts Of(string folder)
    {
        var checkpoint = DitarCheckpoint.Load(folder);
        var (model, vae) = (checkpoint.Config.Model, checkpoint.Config.Vae);
        var counts = new Dictionary<string, long>();
        FileFacts[] files = [.. new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => Facts(file, counts))];
        var patchSeconds = (double)model.PatchSize * vae.Hop / vae.SampleRate;
        var decoder = vae.Decoder == VaeConfig.BigVganKind ? "BigVGAN" : "inverse STFT";
        ModuleFacts[] modules =
        [
            new("patch encoder", Count("model/encoder"), Shape(model.Encoder)),
            new("language model", Count("model/language_model"), Shape(model.LanguageModel)),
            new("diffusion transformer", Count("model/diffusion"), Shape(model.Diffusion)),
            new("VAE encoder", Count("vae/encoder"), $"strides {string.Join(" x ", vae.Strides)}"),
            new("VAE decoder", Count("vae/decoder"), decoder),
        ];
        return new CheckpointFacts(
            folder, files.Sum(file => file.Bytes), counts.Values.Sum(), vae.SampleRate, 1000 * patchSeconds, modules, files,
            [.. checkpoint.Voices.Select(voice => new VoiceFacts(voice.Name, voice.Text, voice.Latents[0], voice.Latents[0] * patchSeconds))],
            checkpoint.Config.Sampling, model, vae, checkpoint.Tokenizer.Symbols,
            EngineFormats.Names.ToDictionary(name => name, name => EngineFormats.Named(name).BytesOf(checkpoint.Model)), checkpoint.WithModelFile(EngineFormats.Stored).ToString());

        long Count(string module) => counts.GetValueOrDefault(module);
    }

    public string ToJson() => JsonSerializer.Serialize(this, FactsJson.Default.CheckpointFacts);

    public string ToText()
    {
        var text = new StringBuilder();
        Line($"{Folder}: DiTAR checkpoint, {Megabytes(Bytes)}, {Millions(Parameters)} parameters; every tensor checked");
        Line($"  sound: {SampleRate} Hz, {(double)SampleRate / Vae.Hop:0.##} latents of {Model.LatentDim} numbers a second, {Model.PatchSize} in a patch of {PatchMilliseconds:0.#} ms");
        Line($"  history patches {Model.HistoryPatches}, at most {Model.MaxPositions} positions, {Symbols.Count} symbols: {string.Concat(Symbols)}");
        Line($"  sampling: {Sampling.Steps} steps, guidance {Sampling.Guidance}, temperature {Sampling.Temperature}, stop threshold {Sampling.StopThreshold}");
        Line($"modules");
        foreach (var module in Modules) Line($"  {module.Name,-22} {Millions(module.Parameters),9}  {module.Shape}");
        Line($"files");
        foreach (var file in Files)
        {
            var types = file.Tensors == 0 ? "" : $"  {file.Tensors} tensors, {string.Join(", ", file.Types.Select(type => $"{Millions(type.Value)} {type.Key}"))}";
            Line($"  {file.Name,-22} {Megabytes(file.Bytes),9}{types}");
        }

        Line($"in the engine's memory (--weights): {string.Join(", ", EngineBytes.Select(format => $"{format.Key} {Megabytes(format.Value)}"))}; as stored: {Stored}");
        Line($"voices{(Voices.Count == 0 ? ": none; give a recording with --prompt" : "")}");
        foreach (var voice in Voices) Line($"  {voice.Name,-22} {voice.Seconds,7:0.0} s  \"{voice.Text}\"{(voice == Voices[0] ? " (default)" : "")}");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static FileFacts Facts(FileInfo file, Dictionary<string, long> counts)
    {
        if (file.Extension != ".safetensors") return new FileFacts(file.Name, file.Length, 0, new Dictionary<string, long>());
        using var tensors = SafetensorsFile.Open(file.FullName);
        if (file.Name != DitarCheckpoint.VoicesFile)
        {
            foreach (var entry in tensors.Entries)
            {
                var module = $"{Path.GetFileNameWithoutExtension(file.Name)}/{entry.Name.Split('.')[0]}";
                counts[module] = counts.GetValueOrDefault(module) + entry.Count;
            }
        }

        var types = tensors.Entries.GroupBy(entry => entry.Type).ToDictionary(type => type.Key.ToString(), type => type.Sum(entry => entry.Count));
        return new FileFacts(file.Name, file.Length, tensors.Entries.Count, types);
    }

    private static string Shape(StackSize size) => $"{size.Layers} layers, width {size.Width}, {size.Heads} heads, feed-forward {size.FeedForward}";

    private static string Millions(long count) => count >= 100_000 ? $"{count / 1e6:0.00} M" : $"{count}";

    private static string Megabytes(long bytes) => bytes >= 100_000 ? $"{bytes / 1e6:0.0} MB" : $"{bytes / 1e3:0.0} kB";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CheckpointFacts))]
internal sealed partial class FactsJson : JsonSerializerContext;
