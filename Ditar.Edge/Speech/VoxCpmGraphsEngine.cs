// An official VoxCPM folder through its exported graphs in ONNX Runtime. Of the folder itself only what is small is read, and the weights once, to see that the
// graphs hold the same.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Edge;

internal sealed class VoxCpmGraphsEngine : OfficialEngine
{
    private readonly ExportedVoxCpm model;
    private readonly VoxCpmSession session;

    private VoxCpmGraphsEngine(ExportedVoxCpm model, VoxCpmTokenizer tokenizer, string name, string reasons)
    {
        (this.model, Tokenizer, Name, Reasons) = (model, tokenizer, name, reasons);
        session = new(new VoxCpmSpeaker(model.Config, tokenizer, model.Encoder, model.Language, model.FieldOn, model.Vocoder));
    }

    public override VoxCpmConfig Config => model.Config;

    public override VoxCpmTokenizer Tokenizer { get; }

    public override IKernels Kernels { get; } = new SimdKernels(null);

    public override IVocoder Vocoder => model.Vocoder;

    public override string Name { get; }

    public override string Reasons { get; }

    public static new VoxCpmGraphsEngine Start(SpeechBackend backend, string folder, string? lora = null)
    {
        if (backend.Graphs is null) throw new ArgumentException("The ONNX backend needs the folder of the exported graphs.", nameof(backend));
        if (lora is not null) throw new SpeechException("a LoRA cannot be merged into exported graphs, which hold their weights already; take --backend simd");
        var library = OnnxLibrary.Shared;
        var choice = ProviderChoice.Make(library, backend.Provider);
        using var checkpoint = VoxCpmCheckpoint.Open(folder);
        var model = ExportedVoxCpm.Open(library, backend.Graphs, checkpoint.Config, new OnnxSessionOptions { Provider = choice.Provider, Threads = backend.Threads });
        try
        {
            model.RequireWeights(checkpoint);
            model.Prepare();
            var name = $"ONNX Runtime {library.Version}, {choice.Title}, {backend.Threads} thread{(backend.Threads == 1 ? "" : "s")}";
            return new VoxCpmGraphsEngine(model, checkpoint.Tokenizer, name, string.Join("; ", choice.Reasons));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>One at a time.</summary>
    public override VoxCpmSession Rent() => session;

    public override void Dispose() => model.Dispose();

    protected override Tensor Encode(float[] samples) => model.EncodeAudio(samples);
}
