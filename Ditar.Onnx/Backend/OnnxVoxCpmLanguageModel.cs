// VoxCPM's two language models and what lies between them, each through its graph: what VoxCpmLanguageModel.Forward does with the definition's modules.
// Left out: copying a state, so that the positions of a reference are read again for every utterance.

using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

internal sealed class OnnxVoxCpmLanguageModel(ExportedGraphs graphs, VoxCpmConfig config) : ILanguageModel
{
    private readonly OnnxSymbolTable table = new(graphs, config.Vocabulary, config.Base.Width);
    private readonly OnnxStack main = new(graphs, VoxCpmGraphNames.BasePrefill, VoxCpmGraphNames.BaseStep, Size(config.Base, config));
    private readonly OnnxStack residual = new(graphs, VoxCpmGraphNames.ResidualPrefill, VoxCpmGraphNames.ResidualStep, Size(config.Residual, config));

    private int Width => config.Base.Width;

    public Tensor Embed(ReadOnlySpan<int> symbols) => table.Embed(symbols);

    public ILanguageState Start() => new State();

    /// <summary>All inputs are patches.</summary>
    public Tensor Forward(Tensor inputs, ILanguageState state)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Forward(inputs, [.. Enumerable.Repeat(true, inputs[0])], state);
    }

    /// <returns>[time, 2 * width]: the base model's outputs, quantised at patches, beside the residual model's.</returns>
    public Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
    {
        var (held, time) = ((State)state, inputs[0]);
        if (patches.Length != time) throw new ArgumentException($"{patches.Length} kinds for {time} inputs.", nameof(patches));
        var hidden = main.Forward(inputs, held.Base);
        var quantised = patches.Contains(true) ? One(VoxCpmGraphNames.Quantiser, "quantised", Width, ("hidden", hidden)) : hidden;
        var (h, heard) = (new float[time * Width], new float[time * Width]);
        ReadOnlySpan<float> plain = hidden.ToSingles(), rounded = quantised.ToSingles(), given = inputs.ToSingles();
        for (var row = 0; row < time; row++)
        {
            var at = row * Width;
            (patches[row] ? rounded : plain).Slice(at, Width).CopyTo(h.AsSpan(at));
            // Zeros at symbols.
            if (patches[row]) given.Slice(at, Width).CopyTo(heard.AsSpan(at));
        }

        var mixed = Tensor.From(h, time, Width);
        var between = One(VoxCpmGraphNames.ResidualInput, "inputs", Width, ("hidden", mixed), ("heard", Tensor.From(heard, time, Width)));
        return Tensor.Concat(1, mixed, residual.Forward(between, held.Residual));                  // [time, 2 * width]
    }

    public Tensor Condition(Tensor hidden) => One(VoxCpmGraphNames.Condition, "condition", config.ConditionWidth, ("hidden", hidden));

    public double StopProbability(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        var logits = One(VoxCpmGraphNames.Stop, "logits", 2, ("hidden", hidden.Slice(1, 0, Width))).ToDoubles();
        return 1 / (1 + Math.Exp(logits[0] - logits[1]));
    }

    // [n, ...] to [n, width].
    private Tensor One(string name, string output, int width, params ReadOnlySpan<(string Name, Tensor Value)> inputs)
    {
        var graph = graphs.Graph(name);
        var feeds = new List<(string Name, OnnxTensor Tensor)>();
        try
        {
            foreach (var (input, value) in inputs) feeds.Add((input, graph.Feed(value)));
            return graph.Run(output, [.. feeds], inputs[0].Value[0], width);
        }
        finally
        {
            foreach (var (_, tensor) in feeds) tensor.Dispose();
        }
    }

    private static StackSize Size(VoxCpmStackSize stack, VoxCpmConfig config) => new(stack.Layers, stack.Width, config.KeyHeads, stack.HeadDim);

    private sealed class State : ILanguageState
    {
        public OnnxCaches Base { get; } = new();

        public OnnxCaches Residual { get; } = new();

        public int Length => Base.Length;

        public void Dispose()
        {
            Base.Dispose();
            Residual.Dispose();
        }
    }
}
