// The causal language model at work: prompts in blocks of rows, patches row by row, keys and values in native memory that grows on demand.

using System.Runtime.CompilerServices;
using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class LanguageSession(InferenceModel model, WorkerPool? pool) : ILanguageModel, IDisposable
{
    // Rows of a block of a prompt: weights are read once for all of them. Four tiles of 12 rows.
    private const int BlockRows = 48;

    private readonly PackedLanguageModel _weights = model.LanguageModel;
    private readonly TransformerSession _transformer = new(model.LanguageModel.Transformer, pool);
    private readonly KeyValuePool _caches = new(
        model.LanguageModel.Transformer.Layers.Length, model.LanguageModel.Transformer.KeyHeads, model.LanguageModel.Transformer.Config.HeadDim);
    private readonly GrowingBuffer _rows = new(), _hidden = new(), _inverse = new();

    public long Bytes => _transformer.Bytes + _caches.Bytes + _rows.Bytes + _hidden.Bytes + _inverse.Bytes;

    private int Width => model.Config.LanguageModel.Width;

    public Tensor Embed(ReadOnlySpan<int> symbols) => _weights.Table.Gather(symbols);

    public ILanguageState Start() => new State(this);

    public Tensor Forward(Tensor inputs, ILanguageState state)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Rank != 2 || inputs[1] != Width)
            throw new ArgumentException($"Inputs are [time, {Width}], found {inputs}.", nameof(inputs));
        InferenceSession.RequireSingles(inputs, nameof(inputs));
        if (state is not State held || held.Owner != this)
            throw new ArgumentException("The state is of another session.", nameof(state));
        var (time, positions) = (inputs[0], _weights.Transformer.Rotary?.Positions ?? int.MaxValue);
        if (time > positions - held.Length)
            throw new ArgumentOutOfRangeException(nameof(inputs), $"The model has {positions} positions; {held.Length} are taken and {time} are asked for.");
        var hidden = _hidden.Floats((long)time * Width);
        fixed (float* rows = inputs.Values<float>())
        {
            for (var first = 0; first < time; first += BlockRows)
                Forward(Math.Min(BlockRows, time - first), rows + ((nint)first * Width), held.Cache, hidden + ((nint)first * Width));
        }

        return Tensor.From(new ReadOnlySpan<float>(hidden, checked(time * Width)), time, Width);
    }

    public double StopProbability(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        InferenceSession.RequireSingles(hidden, nameof(hidden));
        if (hidden.Count != Width)
            throw new ArgumentException($"One row of {Width} values is expected, found {hidden}.", nameof(hidden));
        var values = hidden.Values<float>();
        var weight = _weights.StopWeight.Floats;
        var logit = (double)_weights.StopBias;
        for (var i = 0; i < values.Length; i++)
            logit += (double)values[i] * weight[i];
        return 1 / (1 + Math.Exp(-logit));
    }

    public void Dispose()
    {
        _transformer.Dispose();
        _caches.Dispose();
        _rows.Dispose();
        _hidden.Dispose();
        _inverse.Dispose();
    }

    private void Forward(int time, float* inputs, KeyValueMemory cache, float* hidden)
    {
        var x = _rows.Floats((long)time * Width);
        Unsafe.CopyBlock(x, inputs, checked((uint)(time * Width * sizeof(float))));
        _transformer.RunOn(x, time, cache);
        Vectors.Run(new RmsNormWork(time, Width, _weights.Transformer.Epsilon, x, _weights.Transformer.Gain, hidden, _inverse.Floats(time)));
    }

    private sealed class State(LanguageSession owner) : ILanguageState
    {
        public LanguageSession Owner { get; } = owner;

        public KeyValueMemory Cache { get; } = new(owner._caches);

        public int Length => Cache.Length;

        public void Dispose() => Cache.Dispose();
    }
}
