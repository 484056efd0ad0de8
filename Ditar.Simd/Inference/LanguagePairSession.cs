// VoxCPM's two language models at work, the counterpart of VoxCpmLanguageModel: blocks of rows go through the base model, the quantiser (where patches were
// read), the sum or the fusion, and the residual model. h is both outputs side by side, [base, residual].

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class LanguagePairSession(PackedLanguagePair weights, WorkerPool? pool) : ILanguageSession
{
    private readonly CausalSession _base = new(weights.Base, pool), _residual = new(weights.Residual, pool);
    private readonly GrowingBuffer _fromBase = new(), _fromResidual = new(), _pair = new(), _levels = new(), _hidden = new(), _condition = new(), _stop = new();

    public long Bytes => _base.Bytes + _residual.Bytes + _fromBase.Bytes + _fromResidual.Bytes + _pair.Bytes + _levels.Bytes + _hidden.Bytes + _condition.Bytes + _stop.Bytes;

    private int Width => weights.Width;

    public Tensor Embed(ReadOnlySpan<int> symbols) => weights.Table.Gather(symbols);

    public ILanguageState Start() => new State(this, _base.Start(), _residual.Start());

    /// <summary>All inputs are patches.</summary>
    public Tensor Forward(Tensor inputs, ILanguageState state) => Run(inputs, default, state);

    /// <returns>[time, 2 * width]: the base model's outputs, quantised at patches, beside the residual model's.</returns>
    public Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Rank == 0 || patches.Length != inputs[0])
            throw new ArgumentException($"{patches.Length} kinds for inputs {inputs}.", nameof(patches));
        return Run(inputs, patches, state);
    }

    /// <returns>[rows, width of LocDiT], the sum of both projections, or in version 2 [rows, twice that]: one beside the other.</returns>
    public Tensor Condition(Tensor hidden)
    {
        RequireHidden(hidden);
        var (rows, local) = (hidden[0], weights.BaseCondition.Weight.Outputs);
        var width = weights.Fusion is null ? local : 2 * local;
        var condition = _condition.Floats((long)rows * width);
        fixed (float* h = hidden.Values<float>())
        {
            var prepared = Prepare(rows, h, weights.BaseCondition);
            weights.BaseCondition.Multiply(in prepared, condition, width, pool);
            prepared = Prepare(rows, h + Width, weights.ResidualCondition);
            if (weights.Fusion is null)
                weights.ResidualCondition.AddTo(in prepared, 1, condition, width, pool);
            else
                weights.ResidualCondition.Multiply(in prepared, condition + local, width, pool);
        }

        return Tensor.From(new ReadOnlySpan<float>(condition, checked(rows * width)), rows, width);
    }

    public double StopProbability(Tensor hidden)
    {
        var (goOn, stop) = StopLogits(hidden);
        return 1 / (1 + Math.Exp((double)goOn - stop));
    }

    /// <param name="hidden">[1, 2 * width], of which the base model's half is looked at.</param>
    public (float GoOn, float Stop) StopLogits(Tensor hidden)
    {
        RequireHidden(hidden);
        if (hidden[0] != 1)
            throw new ArgumentException($"One row is expected, found {hidden}.", nameof(hidden));
        var inner = _stop.Floats(Width);
        var logits = stackalloc float[2];
        fixed (float* h = hidden.Values<float>())
        {
            var prepared = Prepare(1, h, weights.StopInput);
            weights.StopInput.Multiply(in prepared, Activation.Silu, inner, Width, pool);
        }

        var last = _base.Transformer.Prepare(1, Width, inner, Width, weights.StopOutput.Weight.Format);
        weights.StopOutput.Multiply(in last, logits, 2, pool);
        return (logits[0], logits[1]);
    }

    public void Dispose()
    {
        _base.Dispose();
        _residual.Dispose();
        foreach (var buffer in (ReadOnlySpan<GrowingBuffer>)[_fromBase, _fromResidual, _pair, _levels, _hidden, _condition, _stop])
            buffer.Dispose();
    }

    // No kinds: all inputs are patches.
    private Tensor Run(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Rank != 2 || inputs[1] != Width)
            throw new ArgumentException($"Inputs are [time, {Width}], found {inputs}.", nameof(inputs));
        InferenceSession.RequireSingles(inputs, nameof(inputs));
        if (state is not State held || held.Owner != this)
            throw new ArgumentException("The state is of another session.", nameof(state));
        var time = inputs[0];
        InferenceSession.RequireRoom(time, held.Length, weights.Positions, nameof(inputs));
        var hidden = _hidden.Floats(2L * time * Width);
        fixed (float* rows = inputs.Values<float>())
        {
            for (var first = 0; first < time; first += CausalSession.BlockRows)
            {
                var count = Math.Min(CausalSession.BlockRows, time - first);
                Block(count, rows + ((nint)first * Width), patches.IsEmpty ? default : patches.Slice(first, count), held, hidden + (2 * (nint)first * Width));
            }
        }

        return Tensor.From(new ReadOnlySpan<float>(hidden, checked(2 * time * Width)), time, 2 * Width);
    }

    private void Block(int time, float* inputs, ReadOnlySpan<bool> patches, State state, float* hidden)
    {
        var fromBase = _fromBase.Floats((long)time * Width);
        Rows(inputs, time).CopyTo(Rows(fromBase, time));
        _base.Run(fromBase, time, state.Base);
        if (patches.IsEmpty)
        {
            Quantise(fromBase, time);
        }
        else
        {
            for (int first = 0, end; first < time; first = end)
            {
                for (end = first + 1; end < time && patches[end] == patches[first];) end++;
                if (patches[first])
                    Quantise(fromBase + ((nint)first * Width), end - first);
            }
        }

        var fromResidual = _fromResidual.Floats((long)time * Width);
        Join(time, fromBase, inputs, patches, fromResidual);
        _residual.Run(fromResidual, time, state.Residual);
        for (var t = 0; t < time; t++, hidden += 2 * Width)
        {
            Rows(fromBase + ((nint)t * Width), 1).CopyTo(Rows(hidden, 1));
            Rows(fromResidual + ((nint)t * Width), 1).CopyTo(Rows(hidden + Width, 1));
        }
    }

    // What the residual model reads: the base model's output with the patch's embedding, added or fused; zeros stand for it where a symbol was read.
    private void Join(int time, float* fromBase, float* inputs, ReadOnlySpan<bool> patches, float* y)
    {
        if (weights.Fusion is not { } fusion)
        {
            for (var t = 0; t < time; t++)
            {
                var heard = patches.IsEmpty || patches[t];
                for (var i = (nint)t * Width; i < (nint)(t + 1) * Width; i++)
                    y[i] = heard ? fromBase[i] + inputs[i] : fromBase[i];
            }

            return;
        }

        var pair = _pair.Floats(2L * time * Width);                                                // [time, 2 * width]
        for (var t = 0; t < time; t++)
        {
            var row = pair + (2 * (nint)t * Width);
            Rows(fromBase + ((nint)t * Width), 1).CopyTo(Rows(row, 1));
            if (patches.IsEmpty || patches[t])
                Rows(inputs + ((nint)t * Width), 1).CopyTo(Rows(row + Width, 1));
            else
                Rows(row + Width, 1).Clear();
        }

        var prepared = _base.Transformer.Prepare(time, 2 * Width, pair, 2 * Width, fusion.Weight.Format);
        fusion.Multiply(in prepared, y, Width, pool);
    }

    // rows = out(round(s tanh(in(rows))) / s), ties to even.
    private void Quantise(float* rows, int count)
    {
        var (dim, scale) = (weights.QuantiserInput.Weight.Outputs, weights.QuantiserScale);
        var levels = _levels.Floats((long)count * dim);
        var prepared = _base.Transformer.Prepare(count, Width, rows, Width, weights.QuantiserInput.Weight.Format);
        weights.QuantiserInput.Multiply(in prepared, levels, dim, pool);
        for (nint i = 0; i < (nint)count * dim; i++)
            levels[i] = (float)(Math.Round(Math.Tanh(levels[i]) * scale) / scale);
        prepared = _base.Transformer.Prepare(count, dim, levels, dim, weights.QuantiserOutput.Weight.Format);
        weights.QuantiserOutput.Multiply(in prepared, rows, Width, pool);
    }

    // Rows of one half of h.
    private PreparedRows Prepare(int rows, float* half, PackedLinear layer) => _base.Transformer.Prepare(rows, Width, half, 2 * Width, layer.Weight.Format);

    private Span<float> Rows(float* rows, int count) => new(rows, checked(count * Width));

    private void RequireHidden(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        InferenceSession.RequireSingles(hidden, nameof(hidden));
        if (hidden.Rank != 2 || hidden[1] != 2 * Width)
            throw new ArgumentException($"h is [rows, {2 * Width}], found {hidden}.", nameof(hidden));
    }

    private sealed class State(LanguagePairSession owner, KeyValueMemory main, KeyValueMemory residual) : ILanguageState
    {
        public LanguagePairSession Owner { get; } = owner;

        public KeyValueMemory Base { get; } = main;

        public KeyValueMemory Residual { get; } = residual;

        public int Length => Base.Length;

        public bool Forks => true;

        public ILanguageState Fork() => new State(Owner, Base.Fork(), Residual.Fork());

        public void Dispose()
        {
            Base.Dispose();
            Residual.Dispose();
        }
    }
}
