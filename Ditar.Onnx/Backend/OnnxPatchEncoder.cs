// LocEnc through its graph.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxPatchEncoder(ExportedModel model) : IPatchEncoder
{
    public Tensor Encode(Tensor patches)
    {
        var graph = model.Graph(GraphNames.PatchEncoder);
        using var fed = graph.Feed(patches);
        return graph.Run("embedding", [("patches", fed)], patches[0], model.Config.LanguageModel.Width);
    }
}
