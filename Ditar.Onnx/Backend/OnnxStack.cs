// One causal transformer through its two graphs: prefill for what begins a sequence, step for what goes on.

using Ditar.Reference;

namespace Ditar.Onnx;

/// <param name="Heads">Of keys and values.</param>
internal readonly record struct StackSize(int Layers, int Width, int Heads, int HeadDim);

internal sealed class OnnxStack(ExportedGraphs graphs, string prefill, string step, StackSize size)
{
    /// <param name="inputs">[time, width].</param>
    /// <returns>[time, width].</returns>
    public Tensor Forward(Tensor inputs, OnnxCaches held)
    {
        var first = held.Length == 0;
        var graph = graphs.Graph(first ? prefill : step);
        using var fed = graph.Feed(inputs);
        var feeds = new List<(string, OnnxTensor)> { ("inputs", fed) };
        var wanted = new List<string> { "hidden" };
        for (var layer = 0; layer < size.Layers; layer++)
        {
            if (!first) feeds.AddRange([(GraphNames.PastKeys(layer), held.Tensors[2 * layer]), (GraphNames.PastValues(layer), held.Tensors[(2 * layer) + 1])]);
            wanted.AddRange([GraphNames.PresentKeys(layer), GraphNames.PresentValues(layer)]);
        }

        var results = graph.Session.Run([.. feeds], [.. wanted]);
        using var hidden = results[0];
        held.Take(results[1..], inputs[0]);
        // Held before looked at, so that nothing is lost when one is refused.
        for (var i = 0; i < held.Tensors.Count; i++) RequireCache(graph, wanted[i + 1], held.Tensors[i], held.Length);
        return graph.Read("hidden", hidden, inputs[0], size.Width);
    }

    // A cache of another length would be taken by the next step without a word, at other positions.
    private void RequireCache(OnnxGraph graph, string name, OnnxTensor cache, int length)
    {
        long[] expected = [1, length, size.Heads, size.HeadDim];
        if (!cache.Shape.SequenceEqual(expected)) throw new OnnxGraphException(graph.Session.Name, name, $"Float32 [{string.Join(", ", expected)}]", $"{cache}");
    }
}
