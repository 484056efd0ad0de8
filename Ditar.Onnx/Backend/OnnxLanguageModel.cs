// DiTAR's language model through its graphs.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxLanguageModel(ExportedGraphs graphs, DitarConfig config) : ILanguageModel
{
    private readonly OnnxSymbolTable table = new(graphs, config.Symbols, config.LanguageModel.Width);

    private readonly OnnxStack stack = new(
        graphs, GraphNames.LanguagePrefill, GraphNames.LanguageStep,
        new(config.LanguageModel.Layers, config.LanguageModel.Width, config.LanguageModel.Heads, config.HeadDim));

    public Tensor Embed(ReadOnlySpan<int> symbols) => table.Embed(symbols);

    public ILanguageState Start() => new State();

    public Tensor Forward(Tensor inputs, ILanguageState state) => stack.Forward(inputs, ((State)state).Caches);

    public double StopProbability(Tensor hidden)
    {
        var graph = graphs.Graph(GraphNames.Stop);
        using var fed = graph.Feed(hidden);
        return graph.Run("probability", [("hidden", fed)], 1, 1).Reshape().Scalar();
    }

    private sealed class State : ILanguageState
    {
        public OnnxCaches Caches { get; } = new();

        public int Length => Caches.Length;

        public void Dispose() => Caches.Dispose();
    }
}
