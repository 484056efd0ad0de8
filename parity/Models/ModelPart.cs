// One part of a model that is exported as a graph of its own and compared by itself: which sizes may change, what goes in, and which lines of the definition
// run. The exporter runs them observed, the lab runs them for their numbers. No layer is written here.

using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Parity;

/// <summary>What goes into one run of a part, by name.</summary>
internal sealed record PartInputs(Func<string, Tensor> Tensor, Func<string, int[]> Symbols)
{
    public Tensor this[string name] => Tensor(name);
}

/// <param name="Name">The graph's; GraphNames and VoxCpmGraphNames tell the shapes.</param>
/// <param name="Description">For the reader of the graph.</param>
/// <param name="Inputs">At sizes, one per symbol.</param>
/// <param name="Run">The definition.</param>
internal sealed record ModelPart(
    string Name, string Description, IReadOnlyList<Symbol> Symbols, Func<IReadOnlyList<int>, IReadOnlyList<CallInput>> Inputs, Func<PartInputs, (string Name, Tensor Value)[]> Run)
{
    public static readonly Symbol Count = new("n", 3, 4, 6);
    public static readonly Symbol Batch = new("batch", 2, 3, 5);
    public static readonly Symbol Time = new("time", 3, 4, 6);
    public static readonly Symbol Past = new("past", 5, 7, 8);
    public static readonly Symbol Frames = new("frames", 6, 7, 9);

    /// <summary>A causal stack over a whole prompt, or over what follows a past: hidden and the caches that it leaves.</summary>
    /// <param name="forward">[time, width] to [time, width], with caches that grow.</param>
    /// <param name="step">Whether there is a past.</param>
    public static ModelPart Stack(string name, string description, bool step, Transformer stack, Func<Tensor, IReadOnlyList<KeyValueCache>, Tensor> forward)
    {
        var (layers, config) = (stack.Layers.Count, stack.Config);
        return new(
            name, description, step ? [Past, Time] : [Time],
            sizes => [CallInput.Normal("inputs", sizes[^1], config.Width), .. step ? Held(sizes[0]) : []],
            given =>
            {
                var caches = step
                    ? [.. Enumerable.Range(0, layers).Select(layer => KeyValueCache.Over(given[Onnx.GraphNames.PastKeys(layer)], given[Onnx.GraphNames.PastValues(layer)]))]
                    : stack.StartCaches();
                var hidden = forward(given["inputs"], caches);
                return
                [
                    ("hidden", hidden),
                    .. caches.SelectMany((cache, layer) => new[] { (Onnx.GraphNames.PresentKeys(layer), cache.Keys!), (Onnx.GraphNames.PresentValues(layer), cache.Values!) }),
                ];
            });

        IEnumerable<CallInput> Held(int length) => Enumerable.Range(0, layers)
            .SelectMany(layer => new[] { Onnx.GraphNames.PastKeys(layer), Onnx.GraphNames.PastValues(layer) })
            .Select(input => CallInput.Normal(input, 1, length, config.KeyHeads ?? config.Heads, config.HeadDim));
    }
}
