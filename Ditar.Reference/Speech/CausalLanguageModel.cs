// The causal language model (spec, section 1) over [text symbols, audio-start, patch embeddings], and the stop head that reads its output.
// The output at audio-start conditions the first patch, the output at patch i conditions patch i + 1.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Speech;

public sealed class CausalLanguageModel : ILanguageModel
{
    private readonly string path;

    public CausalLanguageModel(ParameterScope scope, DitarConfig config)
    {
        path = scope.Path;
        Width = config.LanguageModel.Width;
        Table = scope.Take("symbols", [config.Symbols, Width], new Start.Normal(0.5));
        Transformer = new Transformer(scope["transformer"], config.Stack(config.LanguageModel, causal: true, config.MaxPositions));
        Stop = new Linear(scope["stop"], Width, 1, bias: true, new Start.Normal(0.02));
    }

    public int Width { get; }

    /// <summary>[symbols, width].</summary>
    public Tensor Table { get; }

    public Transformer Transformer { get; }

    /// <summary>One logit: is the patch that this output conditions the last one?</summary>
    public Linear Stop { get; }

    public Tensor Embed(ReadOnlySpan<int> symbols)
    {
        var here = Module.Enter(path + ".embedding");
        return here.Output(Table.Gather(symbols));
    }

    public ILanguageState Start() => new State(Transformer.StartCaches());

    public Tensor Forward(Tensor inputs, ILanguageState state) => Forward(inputs, ((State)state).Caches);

    /// <param name="inputs">[time, width].</param>
    /// <param name="caches">One per layer; they grow by time.</param>
    /// <returns>[time, width].</returns>
    public Tensor Forward(Tensor inputs, IReadOnlyList<KeyValueCache> caches)
    {
        var here = Module.Enter(path);
        return here.Output(Transformer.Forward(inputs.Reshape(1, inputs[0], Width), caches).Reshape(inputs[0], Width));
    }

    /// <summary>Whole sequences at once, for training; padding at the right end changes nothing before it.</summary>
    /// <param name="inputs">[batch, time, width].</param>
    /// <returns>[batch, time, width].</returns>
    public Tensor ForwardWhole(Tensor inputs) => Transformer.Forward(inputs);

    public double StopProbability(Tensor hidden) => StopProbabilities(hidden.Reshape(1, Width)).Reshape().Scalar();

    /// <param name="hidden">[count, width].</param>
    /// <returns>[count, 1].</returns>
    public Tensor StopProbabilities(Tensor hidden) => Stop.Forward(hidden).Sigmoid();

    private sealed class State(IReadOnlyList<KeyValueCache> caches) : ILanguageState
    {
        public IReadOnlyList<KeyValueCache> Caches { get; } = caches;

        public int Length => Caches[0].Length;

        public bool Forks => true;

        public ILanguageState Fork() => new State([.. Caches.Select(cache => cache.Fork())]);

        public void Dispose()
        {
        }
    }
}
