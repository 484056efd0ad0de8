// The embeddings of symbols through their graph.

using Ditar.Reference;

namespace Ditar.Onnx;

internal sealed class OnnxSymbolTable(ExportedGraphs graphs, int symbols, int width)
{
    /// <returns>[symbols, width].</returns>
    public Tensor Embed(ReadOnlySpan<int> text)
    {
        var graph = graphs.Graph(GraphNames.TextEmbedding);
        var numbers = new long[text.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            // The runtime would read some negative numbers as counted from the end.
            if (text[i] < 0 || text[i] >= symbols) throw new ArgumentOutOfRangeException(nameof(text), $"Symbols are 0 to {symbols - 1}, found {text[i]}.");
            numbers[i] = text[i];
        }

        using var fed = OnnxTensor.Over<long>(graph.Session.Library, numbers, numbers.Length);
        return graph.Run("embedding", [("symbols", fed)], numbers.Length, width);
    }
}
