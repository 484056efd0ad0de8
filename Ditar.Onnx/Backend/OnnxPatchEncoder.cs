// LocEnc through its graph.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

/// <param name="width">Of the language model.</param>
internal sealed class OnnxPatchEncoder(ExportedGraphs graphs, int width) : IPatchEncoder
{
    public Tensor Encode(Tensor patches)
    {
        var graph = graphs.Graph(GraphNames.PatchEncoder);
        using var fed = graph.Feed(patches);
        return graph.Run("embedding", [("patches", fed)], patches[0], width);
    }
}
