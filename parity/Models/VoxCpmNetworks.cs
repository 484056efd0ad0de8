// VoxCPM's parts; VoxCpmGraphNames tells their shapes. The two language models, and what lies between them, are parts of their own. The decoder's graph
// speaks at the configured output rate: its row of the rate tables is a constant there.

using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.VoxCpm;

namespace Ditar.Parity;

internal sealed class VoxCpmNetworks(VoxCpmModel model, AudioVae vae) : Networks
{
    public VoxCpmModel Model { get; } = model;

    public AudioVae Vae { get; } = vae;

    public override string Hash => WeightHash.Of(Model, Vae);

    public override IReadOnlyList<ModelPart> Parts => field ??= [.. MakeParts()];

    public override IEnumerable<KeyValuePair<string, Tensor>> Weights(string part) => part is GraphNames.VaeEncoder or GraphNames.VaeDecoder
        ? Vae.Parameters
        :
        [
            .. Model.Parameters, .. Tables("encoder.transformer", Model.Encoder.Transformer), .. Tables("diffusion.transformer", Model.Diffusion.Transformer),
            .. Tables("language_model.base", Model.LanguageModel.Base), .. Tables("language_model.residual", Model.LanguageModel.Residual),
        ];

    public override ExportManifest Sized(ExportManifest manifest) => manifest with { VoxCpm = Model.Config };

    private IEnumerable<ModelPart> MakeParts()
    {
        var (config, language) = (Model.Config, Model.LanguageModel);
        var (width, d, p) = (config.Base.Width, config.LatentDim, config.PatchSize);
        yield return new(
            GraphNames.TextEmbedding, "Tokens to the language models' inputs.", [ModelPart.Count],
            s => [CallInput.Counting("symbols", s[0], config.Vocabulary)], given => [("embedding", language.Embed(given.Symbols("symbols")))]);
        yield return new(
            GraphNames.PatchEncoder, "Patches of latents to the language models' inputs.", [ModelPart.Count],
            s => [CallInput.Normal("patches", s[0], p, d)], given => [("embedding", Model.Encoder.Encode(given["patches"]))]);
        yield return Stack(VoxCpmGraphNames.BasePrefill, "The base model over a whole prompt.", step: false, language.Base);
        yield return Stack(VoxCpmGraphNames.BaseStep, "The base model over what follows a past.", step: true, language.Base);
        yield return new(
            VoxCpmGraphNames.Quantiser, "FSQ: what goes on of the base model's outputs at patches.", [ModelPart.Count],
            s => [CallInput.Normal("hidden", s[0], width)], given => [("quantised", language.Quantiser.Forward(given["hidden"]))]);
        yield return new(
            VoxCpmGraphNames.ResidualInput, "The base model's outputs and what was heard, as the residual model reads them.", [ModelPart.Count],
            s => [CallInput.Normal("hidden", s[0], width), CallInput.Normal("heard", s[0], width)],
            given => [("inputs", language.ResidualInput(given["hidden"], given["heard"]))]);
        yield return Stack(VoxCpmGraphNames.ResidualPrefill, "The residual model over a whole prompt.", step: false, language.Residual);
        yield return Stack(VoxCpmGraphNames.ResidualStep, "The residual model over what follows a past.", step: true, language.Residual);
        yield return new(
            VoxCpmGraphNames.Condition, "Both models' outputs to LocDiT's condition.", [ModelPart.Count],
            s => [CallInput.Normal("hidden", s[0], 2 * width)], given => [("condition", language.Condition(given["hidden"]))]);
        yield return new(
            VoxCpmGraphNames.Velocity, "LocDiT: the velocity of noisy patches.", [ModelPart.Batch],
            s =>
            [
                CallInput.Normal("noisy", s[0], p, d), CallInput.Normal("time", s[0]), CallInput.Normal("step", s[0]),
                CallInput.Normal("condition", s[0], config.ConditionWidth), CallInput.Normal("history", s[0], p, d),
            ],
            given => [("velocity", Model.Diffusion.Velocity(given["noisy"], given["time"], given["step"], given["condition"], given["history"]))]);
        yield return new(
            VoxCpmGraphNames.Stop, "Whether the patch which a hidden state conditions is the last: logits of going on and of stopping.", [ModelPart.Count],
            s => [CallInput.Normal("hidden", s[0], width)], given => [("logits", language.StopLogits(given["hidden"]))]);
        yield return new(
            GraphNames.VaeEncoder, "Audio to latents.", [ModelPart.Batch, ModelPart.Frames],
            s => [CallInput.Normal("audio", s[0], s[1] * config.Vae.EncoderHop, 1)], given => [("latents", Vae.Encoder.Forward(given["audio"]))]);
        yield return new(
            GraphNames.VaeDecoder, "Latents to audio.", [ModelPart.Batch, ModelPart.Frames],
            s => [CallInput.Normal("latents", s[0], s[1], d)], given => [("audio", Vae.Decoder.Forward(given["latents"]))]);
    }

    private static ModelPart Stack(string name, string description, bool step, Transformer stack) => ModelPart.Stack(
        name, description, step, stack, (inputs, caches) => stack.Forward(inputs.Reshape(1, inputs[0], inputs[1]), caches).Reshape(inputs[0], inputs[1]));
}
