// DiTAR's parts; GraphNames tells their shapes.

using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Parity;

internal sealed class DitarNetworks(DitarModel model, Autoencoder autoencoder) : Networks
{
    public DitarModel Model { get; } = model;

    public Autoencoder Autoencoder { get; } = autoencoder;

    public override string Hash => WeightHash.Of(Model, Autoencoder);

    public override IReadOnlyList<ModelPart> Parts => field ??= [.. MakeParts()];

    public override IEnumerable<KeyValuePair<string, Tensor>> Weights(string part) => part is GraphNames.VaeEncoder or GraphNames.VaeDecoder
        ? Autoencoder.Parameters
        :
        [
            .. Model.Parameters, .. Tables("encoder.transformer", Model.Encoder.Transformer),
            .. Tables("language_model.transformer", Model.LanguageModel.Transformer), .. Tables("diffusion.transformer", Model.Diffusion.Transformer),
        ];

    public override ExportManifest Sized(ExportManifest manifest) => manifest with { Model = Model.Config, Vae = Autoencoder.Config };

    private IEnumerable<ModelPart> MakeParts()
    {
        var (config, language) = (Model.Config, Model.LanguageModel);
        var (width, d, p, clean) = (language.Width, config.LatentDim, config.PatchSize, config.HistoryPatches * config.PatchSize);
        yield return new(
            GraphNames.TextEmbedding, "Text symbols to the language model's inputs.", [ModelPart.Count],
            s => [CallInput.Counting("symbols", s[0], config.Symbols)], given => [("embedding", language.Embed(given.Symbols("symbols")))]);
        yield return new(
            GraphNames.PatchEncoder, "LocEnc: patches of latents to the language model's inputs.", [ModelPart.Count],
            s => [CallInput.Normal("patches", s[0], p, d)], given => [("embedding", Model.Encoder.Encode(given["patches"]))]);
        yield return ModelPart.Stack(GraphNames.LanguagePrefill, "The language model over a whole prompt.", step: false, language.Transformer, (inputs, caches) => language.Forward(inputs, caches));
        yield return ModelPart.Stack(GraphNames.LanguageStep, "The language model over what follows a past.", step: true, language.Transformer, (inputs, caches) => language.Forward(inputs, caches));
        yield return new(
            GraphNames.Velocity, "LocDiT: the velocity of noisy patches.", [ModelPart.Batch],
            s => [CallInput.Normal("noisy", s[0], p, d), CallInput.Normal("time", s[0]), CallInput.Normal("condition", s[0], width), CallInput.Normal("history", s[0], clean, d)],
            given => [("velocity", Model.Diffusion.Velocity(given["noisy"], given["time"], given["condition"], given["history"]))]);
        yield return new(
            GraphNames.Stop, "The probability that the patch which a hidden state conditions is the last.", [ModelPart.Count],
            s => [CallInput.Normal("hidden", s[0], width)], given => [("probability", language.StopProbabilities(given["hidden"]))]);
        yield return new(
            GraphNames.VaeEncoder, "Audio to standardised latents.", [ModelPart.Batch, ModelPart.Frames],
            s => [CallInput.Normal("audio", s[0], s[1] * Autoencoder.Config.Hop, 1)], given => [("latents", Autoencoder.Encode(given["audio"]))]);
        yield return new(
            GraphNames.VaeDecoder, "Standardised latents to audio.", [ModelPart.Batch, ModelPart.Frames],
            s => [CallInput.Normal("latents", s[0], s[1], d)], given => [("audio", Autoencoder.Decode(given["latents"]))]);
    }
}
