// Exported graphs in ONNX Runtime with one execution provider. A session is made when a module is first asked for and kept: the language model's weights lie
// in two graphs, so loading all at once would be dear. Graphs exported with intermediates show their layers; others are compared on their outputs.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Parity;

internal sealed class GraphEngine : IParityEngine
{
    private readonly OnnxLibrary library;
    private readonly ExportManifest manifest;
    private readonly string folder;
    private readonly ProviderChoice choice;
    private readonly ParityModel model;
    private readonly Dictionary<string, OnnxSession> sessions = [];

    /// <exception cref="RecordingException">The graphs are of another model.</exception>
    public GraphEngine(ParityModel model, OnnxLibrary library, string folder, ExportManifest manifest, ProviderChoice choice)
    {
        (this.model, this.library, this.folder, this.manifest, this.choice) = (model, library, folder, manifest, choice);
        var file = Path.Combine(folder, ExportManifest.FileName);
        var sizes = ModelSizes.Json(manifest.Model, manifest.Vae);
        if (sizes != model.Identity.Sizes) throw new RecordingException(file, "sizes", model.Identity.Sizes, sizes);
        if (manifest.Seed != model.WeightSeed) throw new RecordingException(file, "seed of the weights", $"{model.WeightSeed?.ToString() ?? "none"}", $"{manifest.Seed?.ToString() ?? "none"}");
        var cpu = choice.Provider == OnnxProvider.Cpu;
        Identity = new EngineIdentity(
            $"onnx {choice.Provider.Title()}", cpu ? EngineKind.GraphCpu : EngineKind.GraphGpu, $"{choice.Title}, 1 thread", $"ONNX Runtime {library.Version}", manifest.Intermediates);
    }

    public EngineIdentity Identity { get; }

    public IReadOnlyList<RecordedTensor> Run(ModuleCall call)
    {
        var outputs = manifest.Graph(call.Module).Outputs;
        // Layers first, in their order, then what the graph hands out, as our own engines do.
        string[] wanted = [.. outputs.Where(port => !IsOutput(port)).Concat(outputs.Where(IsOutput)).Select(port => port.Name)];
        return Run(call, wanted);
    }

    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation)
    {
        var parts = new Parts(this);
        return new GenerationLoop(parts, parts, parts, null, PatchShape.Of(model.Config), model.Tokenizer.AudioStartId).Generate(request, cancellation: cancellation);
    }

    public void Dispose()
    {
        foreach (var session in sessions.Values) session.Dispose();
        sessions.Clear();
    }

    private static bool IsOutput(GraphPort port) => Array.IndexOf(ModuleCall.OutputNames, port.Name.Split('.')[0]) >= 0;

    private RecordedTensor[] Run(ModuleCall call, string[] wanted)
    {
        var session = Session(call.Module);
        var inputs = new List<(string Name, OnnxTensor Tensor)>();
        OnnxTensor[] results = [];
        try
        {
            foreach (var port in session.Inputs)
            {
                var input = call[port.Name];
                long[] shape = Array.ConvertAll(input.Shape, extent => (long)extent);
                if (!port.Takes(shape)) throw new RecordingException(session.Name, $"input {port.Name}", $"{port}", input.ShapeText);
                inputs.Add((port.Name, input.Values is long[] symbols ? OnnxTensor.Over<long>(library, symbols, shape) : OnnxTensor.Over<float>(library, (float[])input.Values, shape)));
            }

            results = session.Run(inputs.ToArray(), wanted);
            return [.. results.Zip(wanted, (tensor, name) => new RecordedTensor(name, [.. tensor.Shape.ToArray().Select(extent => checked((int)extent))], tensor.Values<float>().ToArray()))];
        }
        finally
        {
            foreach (var (_, tensor) in inputs) tensor.Dispose();
            foreach (var tensor in results) tensor.Dispose();
        }
    }

    private OnnxSession Session(string module)
    {
        if (sessions.TryGetValue(module, out var session)) return session;
        session = OnnxSession.Load(library, Path.Combine(folder, manifest.Graph(module).File), new OnnxSessionOptions { Provider = choice.Provider });
        return sessions[module] = session;
    }

    // The generation loop's four parts, as calls of the graphs.
    private sealed class Parts(GraphEngine engine) : IPatchEncoder, ILanguageModel, IVelocityField
    {
        public Tensor Encode(Tensor patches) => Call("patch_encoder", "embedding", Given("patches", patches));

        public Tensor Embed(ReadOnlySpan<int> symbols) => Call("text_embedding", "embedding", RecordedTensor.Symbols("symbols", symbols.ToArray()));

        public ILanguageState Start() => new State();

        public Tensor Forward(Tensor inputs, ILanguageState state)
        {
            var caches = (State)state;
            var module = caches.Length == 0 ? "language_prefill" : "language_step";
            string[] present = [.. engine.manifest.Graph(module).Outputs.Select(port => port.Name).Where(name => name.StartsWith("present.", StringComparison.Ordinal))];
            var results = engine.Run(new ModuleCall("free", module, "", [Given("inputs", inputs), .. caches.Past]), ["hidden", .. present]);
            caches.Past = [.. results.Skip(1).Select(tensor => tensor with { Name = "past" + tensor.Name["present".Length..] })];
            caches.Length += inputs[0];
            return results[0].ToTensor(ElementType.Float32);
        }

        public double StopProbability(Tensor hidden) => Call("stop", "probability", Given("hidden", hidden)).Reshape().Scalar();

        public Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history) =>
            Call("velocity", "velocity", Given("noisy", x), Given("time", time), Given("condition", condition), Given("history", history));

        private static RecordedTensor Given(string name, Tensor tensor) => RecordedTensor.Rounded(name, tensor);

        private Tensor Call(string module, string output, params IReadOnlyList<RecordedTensor> inputs) =>
            engine.Run(new ModuleCall("free", module, "", inputs), [output])[0].ToTensor(ElementType.Float32);

        private sealed class State : ILanguageState
        {
            public int Length { get; set; }

            public IReadOnlyList<RecordedTensor> Past { get; set; } = [];
        }
    }
}
