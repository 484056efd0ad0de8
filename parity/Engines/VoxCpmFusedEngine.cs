// The fused engine of Ditar.Simd on a VoxCPM model, in one weight format. Its two language models and the quantiser between them are one call, so what the lab
// sees of them is the end: the rows of residual_prefill and residual_step hold the errors of all three. A step continues the prefill that this engine read
// itself. Parts that it has no call for (base model, quantiser, sums between, logits of stopping, the encoder of sound) have no cells.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Parity;

internal sealed class VoxCpmFusedEngine : IParityEngine
{
    private readonly InferenceModel packed;
    private readonly InferenceSession session;
    private readonly IVocoder vocoder;
    private readonly VoxCpmConfig config;
    private readonly EnginePast past = new();
    private readonly FusedEncoder encoder;
    private Tensor? inputs;
    private bool[] heard = [];

    /// <param name="format">One of <see cref="EngineFormats.Names"/>.</param>
    public VoxCpmFusedEngine(VoxCpmParityModel model, string format)
    {
        config = model.Config;
        var networks = model.At(ElementType.Float32);
        var formats = EngineFormats.Named(format);
        packed = new InferenceModel(networks.Model, formats);
        session = packed.Start();
        var decoder = AudioVocoder.Of(networks.Vae);
        vocoder = decoder.Vocoder;
        encoder = new FusedEncoder(networks.Vae);
        Identity = new EngineIdentity(
            $"engine {format}", FusedEngine.KindOf(formats, networks.Model.Parameters),
            $"fused engine, {formats} weights of {packed.Bytes / 1e6:0.0} MB, {(decoder.IsFused ? "fused" : "the definition's")} decoder, 1 thread",
            $"Ditar {typeof(InferenceModel).Assembly.GetName().Version?.ToString(3)}", Layers: false);
    }

    public EngineIdentity Identity { get; }

    public IReadOnlyList<RecordedTensor> Run(ModuleCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return call.Module switch
        {
            GraphNames.TextEmbedding => [RecordedTensor.Of("embedding", session.Language.Embed(call["symbols"].ToSymbols()))],
            GraphNames.PatchEncoder => [RecordedTensor.Of("embedding", session.Encoder.Encode(Input("patches")))],
            VoxCpmGraphNames.BasePrefill or VoxCpmGraphNames.BaseStep => Keep(() => inputs = Input("inputs")),
            VoxCpmGraphNames.ResidualInput => Keep(() => heard = Heard(call["heard"])),
            VoxCpmGraphNames.ResidualPrefill => [RecordedTensor.Of("hidden", Read(past.Begin(call.Scenario, session.Language)))],
            VoxCpmGraphNames.ResidualStep => [RecordedTensor.Of("hidden", Read(past.Before(call)))],
            VoxCpmGraphNames.Condition => [RecordedTensor.Of("condition", session.Language.Condition(Input("hidden")))],
            // In mean mode a call's step would have to be one of a sampler's.
            VoxCpmGraphNames.Velocity => config.MeanMode ? [] : [RecordedTensor.Of("velocity", session.Field.Begin(Input("condition"), Input("history")).Velocity(Input("noisy"), FusedEngine.OneTime(call)))],
            GraphNames.VaeEncoder => [RecordedTensor.Of("latents", encoder.Encode(Input("audio").Values<float>()))],
            GraphNames.VaeDecoder => [RecordedTensor.Of("audio", FusedEngine.Decode(vocoder, Input("latents")))],
            _ => [],
        };

        Tensor Input(string input) => call[input].ToTensor(ElementType.Float32);
    }

    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var loop = new GenerationLoop(session.Encoder, session.Language, session.FieldOn(request.Sampler.Grid), null, packed.Shape, VoxCpmTokenizer.AudioStart);
        return loop.Generate(request, cancellation: cancellation);
    }

    public void Dispose()
    {
        past.Dispose();
        session.Dispose();
        packed.Dispose();
        (vocoder as IDisposable)?.Dispose();
        encoder.Dispose();
    }

    private static IReadOnlyList<RecordedTensor> Keep(Action keep)
    {
        keep();
        return [];
    }

    // What was heard is zero at symbols.
    private static bool[] Heard(RecordedTensor rows)
    {
        var (values, width) = (rows.ToDoubles(), rows.Shape[1]);
        return [.. Enumerable.Range(0, rows.Shape[0]).Select(row => values.AsSpan(row * width, width).ContainsAnyExcept(0.0))];
    }

    // The residual model's half of what comes out.
    private Tensor Read(ILanguageState state) => session.Language.Forward(inputs!, heard, state).Slice(1, config.Base.Width, config.Base.Width);
}
