// The language model through its graphs: prefill for what begins a sequence, step for what goes on. Keys and values stay in ONNX Runtime's memory: what one
// run gives is fed to the next as it is.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxLanguageModel(ExportedModel model) : ILanguageModel
{
    private int Width => model.Config.LanguageModel.Width;

    private int Layers => model.Config.LanguageModel.Layers;

    public Tensor Embed(ReadOnlySpan<int> symbols)
    {
        var graph = model.Graph(GraphNames.TextEmbedding);
        var numbers = new long[symbols.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            // The runtime would read some negative numbers as counted from the end.
            if (symbols[i] < 0 || symbols[i] >= model.Config.Symbols)
                throw new ArgumentOutOfRangeException(nameof(symbols), $"Symbols are 0 to {model.Config.Symbols - 1}, found {symbols[i]}.");
            numbers[i] = symbols[i];
        }

        using var fed = OnnxTensor.Over<long>(graph.Session.Library, numbers, numbers.Length);
        return graph.Run("embedding", [("symbols", fed)], numbers.Length, Width);
    }

    public ILanguageState Start() => new State();

    public Tensor Forward(Tensor inputs, ILanguageState state)
    {
        var held = (State)state;
        var first = held.Length == 0;
        var graph = model.Graph(first ? GraphNames.LanguagePrefill : GraphNames.LanguageStep);
        using var fed = graph.Feed(inputs);
        var feeds = new List<(string, OnnxTensor)> { ("inputs", fed) };
        var wanted = new List<string> { "hidden" };
        for (var layer = 0; layer < Layers; layer++)
        {
            if (!first) feeds.AddRange([(GraphNames.PastKeys(layer), held.Caches[2 * layer]), (GraphNames.PastValues(layer), held.Caches[(2 * layer) + 1])]);
            wanted.AddRange([GraphNames.PresentKeys(layer), GraphNames.PresentValues(layer)]);
        }

        var results = graph.Session.Run([.. feeds], [.. wanted]);
        using var hidden = results[0];
        held.Take(results[1..], inputs[0]);
        // Held before looked at, so that nothing is lost when one is refused.
        for (var i = 0; i < held.Caches.Count; i++) RequireCache(graph, wanted[i + 1], held.Caches[i], held.Length);
        return graph.Read("hidden", hidden, inputs[0], Width);
    }

    public double StopProbability(Tensor hidden)
    {
        var graph = model.Graph(GraphNames.Stop);
        using var fed = graph.Feed(hidden);
        return graph.Run("probability", [("hidden", fed)], 1, 1).Reshape().Scalar();
    }

    // A cache of another length would be taken by the next step without a word, at other positions.
    private void RequireCache(OnnxGraph graph, string name, OnnxTensor cache, int length)
    {
        long[] expected = [1, length, model.Config.LanguageModel.Heads, model.Config.HeadDim];
        if (!cache.Shape.SequenceEqual(expected)) throw new OnnxGraphException(graph.Session.Name, name, $"Float32 [{string.Join(", ", expected)}]", $"{cache}");
    }

    private sealed class State : ILanguageState
    {
        public int Length { get; private set; }

        /// <summary>Keys and values of each layer in turn, [1, Length, heads, headDim].</summary>
        public IReadOnlyList<OnnxTensor> Caches { get; private set; } = [];

        public void Dispose()
        {
            foreach (var cache in Caches) cache.Dispose();
        }

        public void Take(IReadOnlyList<OnnxTensor> caches, int time)
        {
            foreach (var old in Caches) old.Dispose();
            (Caches, Length) = (caches, Length + time);
        }
    }
}
