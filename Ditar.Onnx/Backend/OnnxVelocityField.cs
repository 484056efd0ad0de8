// LocDiT through its graph; both branches of guidance come as one batch.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxVelocityField(ExportedModel model) : IVelocityField
{
    public Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        var graph = model.Graph(GraphNames.Velocity);
        using OnnxTensor noisy = graph.Feed(x), at = graph.Feed(time), given = graph.Feed(condition), before = graph.Feed(history);
        return graph.Run("velocity", [("noisy", noisy), ("time", at), ("condition", given), ("history", before)], x[0], x[1], x[2]);
    }
}
