// VoxCPM's two language models as one: the base model reads text and patches; its output, quantised where a patch was read, is what the stop head hears;
// the residual model reads that output with the patch's embedding beside it (added in version 1, fused by a projection in version 2) and gives back what
// the quantiser took away. h of this model is both outputs side by side, [base, residual].

using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmLanguageModel : ILanguageModel
{
    private readonly VoxCpmConfig config;
    private readonly string path;

    public VoxCpmLanguageModel(ParameterScope scope, VoxCpmConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        path = scope.Path;
        var (width, local) = (config.Base.Width, config.Diffusion.Width);
        var positions = config.Rotary.Positions(scope.Type, config.Positions, config.Base.HeadDim);
        Table = scope.Take("symbols", [config.Vocabulary, width], new Start.Normal(0.5));
        Base = new Transformer(scope["base"], config.Transformer(config.Base, causal: true, config.Positions), positions);
        Residual = new Transformer(scope["residual"], config.Transformer(config.Residual, causal: true, config.Positions), positions);
        Quantiser = new ScalarQuantiser(scope["quantiser"], width, config.QuantiserDim, config.QuantiserScale);
        Fusion = config.Version == VoxCpmVersion.Two ? new Linear(scope["fusion"], 2 * width, width) : null;
        BaseCondition = new Linear(scope["base_condition"], width, local);
        ResidualCondition = new Linear(scope["residual_condition"], width, local);
        StopInput = new Linear(scope["stop_input"], width, width);
        StopOutput = new Linear(scope["stop_output"], width, 2, bias: false);
    }

    /// <summary>[vocabulary, width].</summary>
    public Tensor Table { get; }

    public Transformer Base { get; }

    public Transformer Residual { get; }

    public ScalarQuantiser Quantiser { get; }

    /// <summary>Version 2's; null in version 1, which adds.</summary>
    public Linear? Fusion { get; }

    public Linear BaseCondition { get; }

    public Linear ResidualCondition { get; }

    public Linear StopInput { get; }

    public Linear StopOutput { get; }

    private int Width => config.Base.Width;

    public Tensor Embed(ReadOnlySpan<int> symbols)
    {
        var here = Module.Enter(path + ".embedding");
        var rows = Table.Gather(symbols);                                                          // [symbols, width]
        return here.Output(config.Mup is { } mup ? rows * mup.Embedding : rows);
    }

    public ILanguageState Start() => new State(Base.StartCaches(), Residual.StartCaches());

    /// <summary>All inputs are patches.</summary>
    public Tensor Forward(Tensor inputs, ILanguageState state) => Forward(inputs, [.. Enumerable.Repeat(true, inputs[0])], state);

    /// <returns>[time, 2 * width]: the base model's outputs, quantised at patches, beside the residual model's.</returns>
    public Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
    {
        var (caches, time) = ((State)state, inputs[0]);
        if (patches.Length != time) throw new ArgumentException($"{patches.Length} kinds for {time} inputs.", nameof(patches));
        var here = Module.Enter(path);
        var x = inputs.Reshape(1, time, Width);
        var h = Base.Forward(x, caches.Base);                                                      // [1, time, width]
        if (!patches.Contains(false))
        {
            h = Quantiser.Forward(h);
        }
        else
        {
            var heard = Mask(x.Type, patches, patch: true);                                        // [1, time, 1]
            if (patches.Contains(true)) h = (h * Mask(x.Type, patches, patch: false)) + (Quantiser.Forward(h) * heard);
            x *= heard;
        }

        var r = Residual.Forward(ResidualInput(h, x), caches.Residual);
        return here.Output(Tensor.Concat(2, h, r).Reshape(time, 2 * Width));
    }

    /// <summary>What the residual model reads.</summary>
    /// <param name="hidden">[..., width]: the base model's outputs, quantised at patches.</param>
    /// <param name="heard">[..., width]: the inputs at patches, zeros at symbols.</param>
    /// <returns>[..., width].</returns>
    public Tensor ResidualInput(Tensor hidden, Tensor heard) => Fusion is null ? hidden + heard : Fusion.Forward(Tensor.Concat(hidden.Rank - 1, hidden, heard));

    /// <returns>[1, width of LocDiT], the sum of both projections, or in version 2 [1, twice that]: one beside the other.</returns>
    public Tensor Condition(Tensor hidden)
    {
        var here = Module.Enter(path + ".condition");
        var fromBase = BaseCondition.Forward(hidden.Slice(1, 0, Width));
        var fromResidual = ResidualCondition.Forward(hidden.Slice(1, Width, Width));
        return here.Output(Fusion is null ? fromBase + fromResidual : Tensor.Concat(1, fromBase, fromResidual));
    }

    public double StopProbability(Tensor hidden)
    {
        var logits = StopLogits(hidden.Slice(1, 0, Width)).ToDoubles();
        return 1 / (1 + Math.Exp(logits[0] - logits[1]));
    }

    /// <param name="hidden">[count, width], the base model's half.</param>
    /// <returns>[count, 2]: go on, stop.</returns>
    public Tensor StopLogits(Tensor hidden)
    {
        var here = Module.Enter(path + ".stop");
        return here.Output(StopOutput.Forward(StopInput.Forward(hidden).Silu()));
    }

    private static Tensor Mask(ElementType type, ReadOnlySpan<bool> patches, bool patch)
    {
        var ones = new double[patches.Length];
        for (var i = 0; i < ones.Length; i++) ones[i] = patches[i] == patch ? 1 : 0;
        return Tensor.From(type, ones, 1, ones.Length, 1);
    }

    private sealed class State(IReadOnlyList<KeyValueCache> main, IReadOnlyList<KeyValueCache> residual) : ILanguageState
    {
        public IReadOnlyList<KeyValueCache> Base { get; } = main;

        public IReadOnlyList<KeyValueCache> Residual { get; } = residual;

        public int Length => Base[0].Length;

        public bool Forks => true;

        public ILanguageState Fork() => new State([.. Base.Select(cache => cache.Fork())], [.. Residual.Select(cache => cache.Fork())]);

        public void Dispose()
        {
        }
    }
}
