// LocDiT through its graph; both branches of guidance come as one batch. The graph computes everything anew at every step.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

internal sealed class OnnxVelocityField(ExportedModel model) : IVelocityField
{
    public IPatchField Begin(Tensor condition, Tensor history) => new Patch(model.Graph(GraphNames.Velocity), condition, history);

    private sealed class Patch(OnnxGraph graph, Tensor condition, Tensor history) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time)
        {
            using OnnxTensor noisy = graph.Feed(x), at = graph.Feed(Tensor.Full(x.Type, time, x[0])), given = graph.Feed(condition), before = graph.Feed(history);
            return graph.Run("velocity", [("noisy", noisy), ("time", at), ("condition", given), ("history", before)], x[0], x[1], x[2]);
        }
    }
}
