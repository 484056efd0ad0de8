// The causal language model at work: prompts in blocks of rows, patches row by row.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class LanguageSession(PackedLanguageModel weights, WorkerPool? pool) : ILanguageSession
{
    private readonly CausalSession _transformer = new(weights.Transformer, pool);
    private readonly GrowingBuffer _hidden = new();

    public long Bytes => _transformer.Bytes + _hidden.Bytes;

    private int Width => weights.Table.Width;

    public Tensor Embed(ReadOnlySpan<int> symbols) => weights.Table.Gather(symbols);

    public ILanguageState Start() => new State(this, _transformer.Start());

    public Tensor Forward(Tensor inputs, ILanguageState state)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Rank != 2 || inputs[1] != Width)
            throw new ArgumentException($"Inputs are [time, {Width}], found {inputs}.", nameof(inputs));
        InferenceSession.RequireSingles(inputs, nameof(inputs));
        if (state is not State held || held.Owner != this)
            throw new ArgumentException("The state is of another session.", nameof(state));
        var (time, positions) = (inputs[0], weights.Transformer.Rotary?.Positions ?? int.MaxValue);
        InferenceSession.RequireRoom(time, held.Length, positions, nameof(inputs));
        var hidden = _hidden.Floats((long)time * Width);
        inputs.Values<float>().CopyTo(new Span<float>(hidden, checked(time * Width)));
        for (var first = 0; first < time; first += CausalSession.BlockRows)
            _transformer.Run(hidden + ((nint)first * Width), Math.Min(CausalSession.BlockRows, time - first), held.Cache);
        return Tensor.From(new ReadOnlySpan<float>(hidden, time * Width), time, Width);
    }

    public double StopProbability(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        InferenceSession.RequireSingles(hidden, nameof(hidden));
        if (hidden.Count != Width)
            throw new ArgumentException($"One row of {Width} values is expected, found {hidden}.", nameof(hidden));
        var values = hidden.Values<float>();
        var weight = weights.StopWeight.Floats;
        var logit = (double)weights.StopBias;
        for (var i = 0; i < values.Length; i++)
            logit += (double)values[i] * weight[i];
        return 1 / (1 + Math.Exp(-logit));
    }

    public void Dispose()
    {
        _transformer.Dispose();
        _hidden.Dispose();
    }

    private sealed class State(LanguageSession owner, KeyValueMemory cache) : ILanguageState
    {
        public LanguageSession Owner { get; } = owner;

        public KeyValueMemory Cache { get; } = cache;

        public int Length => Cache.Length;

        public bool Forks => true;

        public ILanguageState Fork() => new State(Owner, Cache.Fork());

        public void Dispose() => Cache.Dispose();
    }
}
