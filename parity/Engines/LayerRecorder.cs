// Keeps what every module puts out, by path, in the order in which modules end: what a layer is made of comes before the layer.
// A module that runs again in one call gets "#2" behind its path, as in exported graphs.

using Ditar.Reference;
using Ditar.Reference.Tracing;

namespace Ditar.Parity;

internal sealed class LayerRecorder : ITensorObserver
{
    private readonly List<RecordedTensor> seen = [];
    private readonly Dictionary<string, int> runs = [];

    public IReadOnlyList<RecordedTensor> Seen => seen;

    public void Operation(TensorOperation operation)
    {
    }

    public void Enter(string path)
    {
    }

    public void Leave(string path, Tensor output)
    {
        var run = runs[path] = runs.GetValueOrDefault(path) + 1;
        seen.Add(RecordedTensor.Of(run == 1 ? path : $"{path}#{run}", output));
    }
}
