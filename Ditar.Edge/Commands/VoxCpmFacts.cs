// An official VoxCPM folder in numbers. Every name and shape of the weight files is checked; their values are not read.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed record VoxCpmFacts(
    string Folder, string Architecture, long Parameters, int InputRate, int OutputRate, int PatchSize, int LatentDim, double PatchMilliseconds, int Positions, int Vocabulary,
    IReadOnlyList<ModuleFacts> Modules, IReadOnlyList<FileFacts> Files, string Stored)
{
    /// <exception cref="MalformedFileException">The folder is not one that speaks.</exception>
    public static VoxCpmFacts Of(string folder)
    {
        using var checkpoint = VoxCpmCheckpoint.Open(folder);
        var config = checkpoint.Config;
        var (model, vae) = (VoxCpmLayout.Of(config), AudioVaeLayout.Of(config.Vae).Where(tensor => tensor.Kind != OfficialTensorKind.Integer).ToList());
        ModuleFacts[] modules =
        [
            new("base LM", Count(model, "base_lm."), Shape(config, config.Base)),
            new("residual LM", Count(model, "residual_lm."), Shape(config, config.Residual)),
            new("patch encoder", Count(model, "feat_encoder."), Shape(config, config.Encoder)),
            new("diffusion transformer", Count(model, "feat_decoder."), Shape(config, config.Diffusion)),
            new("quantiser, projections", model.Sum(Size) - Count(model, "base_lm.", "residual_lm.", "feat_encoder.", "feat_decoder."), $"{config.QuantiserDim} dims of {(2 * config.QuantiserScale) + 1:0} levels"),
            new("VAE encoder", Count(vae, "encoder."), $"strides {string.Join(" x ", config.Vae.EncoderRates)}"),
            new("VAE decoder", Count(vae, "decoder."), $"strides {string.Join(" x ", config.Vae.DecoderRates)}"),
        ];
        return new VoxCpmFacts(
            folder, config.Version == VoxCpmVersion.Two ? "VoxCPM 2" : "VoxCPM", modules.Sum(module => module.Parameters), config.Vae.SampleRate, config.Vae.OutputRate,
            config.PatchSize, config.LatentDim, 1000.0 * config.PatchSize * config.Vae.EncoderHop / config.Vae.SampleRate, config.Positions, config.Vocabulary, modules,
            [Facts(checkpoint.ModelWeights), Facts(checkpoint.VaeWeights)], EngineFormats.StoredVoxCpm(checkpoint.ModelWeights).ToString());
    }

    public string ToJson() => JsonSerializer.Serialize(this, VoxCpmFactsJson.Default.VoxCpmFacts);

    public string ToText()
    {
        var text = new StringBuilder();
        Line($"{Folder}: {Architecture} checkpoint, {Parameters / 1e6:0.0} M parameters; every name and shape checked");
        Line($"  sound: reads {InputRate} Hz, writes {OutputRate} Hz; {PatchSize} latents of {LatentDim} numbers in a patch of {PatchMilliseconds:0.#} ms");
        Line($"  at most {Positions} positions, {Vocabulary} tokens");
        Line($"modules");
        foreach (var module in Modules) Line($"  {module.Name,-24} {module.Parameters / 1e6,9:0.00} M  {module.Shape}");
        Line($"files");
        foreach (var file in Files) Line($"  {file.Name,-24} {file.Bytes / 1e6,9:0.0} MB  {file.Tensors} tensors, {string.Join(", ", file.Types.Select(type => $"{type.Value / 1e6:0.00} M {type.Key}"))}");
        Line($"the fused engine speaks with {Stored} weights, as they are stored, or with --weights {string.Join(", ", EngineFormats.Names)}");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static long Count(IReadOnlyList<OfficialTensor> tensors, params string[] prefixes) =>
        tensors.Where(tensor => prefixes.Any(prefix => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))).Sum(Size);

    private static long Size(OfficialTensor tensor) => tensor.Shape.Aggregate(1L, (product, extent) => product * extent);

    private static string Shape(VoxCpmConfig config, VoxCpmStackSize stack) =>
        $"{stack.Layers} layers, width {stack.Width}, {stack.Heads} heads of {stack.HeadDim} on {config.KeyHeads}, feed-forward {stack.FeedForward}{(stack.Rotary ? "" : ", no positions")}";

    private static FileFacts Facts(WeightFile file) => new(
        Path.GetFileName(file.Path), new FileInfo(file.Path).Length, file.Entries.Count,
        file.Entries.GroupBy(entry => entry.Type).ToDictionary(type => type.Key.ToString(), type => type.Sum(entry => entry.Count)));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(VoxCpmFacts))]
internal sealed partial class VoxCpmFactsJson : JsonSerializerContext;
