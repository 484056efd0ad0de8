// LocDiT through its graph; both branches of guidance come as one batch. The graph computes everything anew at every step.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Onnx;

/// <param name="step">How long the solver's step from a time is, for graphs that have the input: VoxCPM's, which hear zero but in mean mode. Null for DiTAR's.</param>
internal sealed class OnnxVelocityField(ExportedGraphs graphs, Func<double, double>? step = null) : IVelocityField
{
    public IPatchField Begin(Tensor condition, Tensor history) => new Patch(graphs.Graph(GraphNames.Velocity), condition, history, step);

    private sealed class Patch(OnnxGraph graph, Tensor condition, Tensor history, Func<double, double>? step) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time)
        {
            using OnnxTensor noisy = graph.Feed(x), at = graph.Feed(Tensor.Full(x.Type, time, x[0])), given = graph.Feed(condition), before = graph.Feed(history);
            (string, OnnxTensor)[] inputs = [("noisy", noisy), ("time", at), ("condition", given), ("history", before)];
            if (step is null) return graph.Run("velocity", inputs, x[0], x[1], x[2]);
            using var length = graph.Feed(Tensor.Full(x.Type, step(time), x[0]));
            return graph.Run("velocity", [.. inputs, ("step", length)], x[0], x[1], x[2]);
        }
    }
}
