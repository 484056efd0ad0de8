// The fused engine of Ditar.Simd, in one weight format. It shows what modules hand out and nothing inside them, where layers have no tensors of their own.
// A step continues the prefill that this engine read itself, from the same inputs, so the cache's own error is in the step's row. The codec is float32 in every format.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Parity;

internal sealed class FusedEngine : IParityEngine
{
    private readonly DitarParityModel model;
    private readonly InferenceModel packed;
    private readonly InferenceSession session;
    private readonly FusedVocoder vocoder;
    private readonly FusedEncoder encoder;
    private readonly EnginePast past = new();

    /// <param name="format">One of <see cref="EngineFormats.Names"/>.</param>
    public FusedEngine(DitarParityModel model, string format)
    {
        this.model = model;
        var networks = model.At(ElementType.Float32);
        var formats = EngineFormats.Named(format);
        packed = new InferenceModel(networks.Model, formats);
        session = packed.Start();
        vocoder = new FusedVocoder(networks.Autoencoder);
        encoder = new FusedEncoder(networks.Autoencoder);
        Identity = new EngineIdentity(
            $"engine {format}", KindOf(formats, networks.Model.Parameters), $"fused engine, {formats} weights of {packed.Bytes / 1e6:0.0} MB, 1 thread",
            $"Ditar {typeof(InferenceModel).Assembly.GetName().Version?.ToString(3)}", Layers: false);
    }

    public EngineIdentity Identity { get; }

    public IReadOnlyList<RecordedTensor> Run(ModuleCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var (name, value) = call.Module switch
        {
            GraphNames.TextEmbedding => ("embedding", session.Language.Embed(call["symbols"].ToSymbols())),
            GraphNames.PatchEncoder => ("embedding", session.Encoder.Encode(Input("patches"))),
            GraphNames.LanguagePrefill => ("hidden", session.Language.Forward(Input("inputs"), past.Begin(call.Scenario, session.Language))),
            GraphNames.LanguageStep => ("hidden", session.Language.Forward(Input("inputs"), past.Before(call))),
            GraphNames.Velocity => ("velocity", session.Field.Begin(Input("condition"), Input("history")).Velocity(Input("noisy"), OneTime(call))),
            GraphNames.Stop => ("probability", StopProbabilities(Input("hidden"))),
            GraphNames.VaeEncoder => ("latents", encoder.Encode(Input("audio").Values<float>())),
            GraphNames.VaeDecoder => ("audio", Decode(vocoder, Input("latents"))),
            _ => throw new ArgumentException($"No module is called {call.Module}; there are {string.Join(", ", GraphNames.All)}.", nameof(call)),
        };
        return [RecordedTensor.Of(name, value)];

        Tensor Input(string input) => call[input].ToTensor(ElementType.Float32);
    }

    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation) =>
        new GenerationLoop(session.Encoder, session.Language, session.Field, null, PatchShape.Of(model.Config), model.Tokenizer.AudioStartId).Generate(request, cancellation: cancellation);

    public void Dispose()
    {
        past.Dispose();
        session.Dispose();
        packed.Dispose();
        vocoder.Dispose();
        encoder.Dispose();
    }

    // Weights that are bf16 numbers already, as a bf16 checkpoint's are, lose nothing: such an engine is held to what float32 is held to.
    public static EngineKind KindOf(EngineFormats formats, IReadOnlyList<KeyValuePair<string, Tensor>> parameters) => formats.LanguageModel switch
    {
        WeightFormat.Float32 => EngineKind.Engine,
        WeightFormat.BFloat16 when parameters.All(weight => formats.Of(weight.Key) is null || IsBFloat16(weight.Value)) => EngineKind.Engine,
        WeightFormat.BFloat16 => EngineKind.EngineBFloat16,
        WeightFormat.Int8 => EngineKind.EngineInt8,
        _ => EngineKind.EngineInt4,
    };

    private static bool IsBFloat16(Tensor weight)
    {
        foreach (var value in weight.To(ElementType.Float32).Values<float>())
        {
            if (BFloat16.ToSingle(BFloat16.FromSingle(value)) != value) return false;
        }

        return true;
    }

    // Both rows of guidance are at one time; the engine keeps one embedding for it.
    public static double OneTime(ModuleCall call)
    {
        var times = call["time"].ToDoubles();
        return times.Distinct().Count() == 1 ? times[0] : throw new RecordingException(call.Name, "time", "one time for all rows", string.Join(", ", times));
    }

    private Tensor StopProbabilities(Tensor hidden) => Tensor.From(
        [.. Enumerable.Range(0, hidden[0]).Select(row => (float)session.Language.StopProbability(hidden.Slice(0, row, 1)))], hidden[0], 1);

    /// <param name="latents">[1, frames, D].</param>
    public static Tensor Decode(IVocoder vocoder, Tensor latents)
    {
        using var stream = vocoder.Start();
        var samples = stream.Push(latents.Reshape(latents[1], latents[2]), last: true);
        return Tensor.From(samples, 1, samples.Length, 1);
    }
}
