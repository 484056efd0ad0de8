// LocDiT at work. Both branches of guidance are one batch. Per patch: condition and history are projected once and become the tokens that every solver
// step starts from. Per distinct time: its embedding is computed once and kept. Per step: the noisy latents' tokens, the transformer, and of its last
// layer only the P rows that are the velocity. Which token is what is the layout's business.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class DiffusionSession(PackedDiffusion weights, WorkerPool? pool) : IVelocityField, IPatchField, IDisposable
{
    private readonly DiffusionLayout _layout = weights.Layout;
    private readonly TransformerSession _transformer = new(weights.Transformer, pool);
    private readonly KeptTimes _times = new(weights.Time, weights.Step, pool);
    private readonly GrowingBuffer _given = new(), _tokens = new(), _projected = new(), _velocity = new();
    private TimeGrid? _grid;
    private int _batch;

    public long Bytes => _transformer.Bytes + _times.Bytes + _given.Bytes + _tokens.Bytes + _projected.Bytes + _velocity.Bytes;

    private int Width => weights.Transformer.Config.Width;

    /// <summary>The field for a sampler of this grid: a mean-mode model is told how far each step goes; others do not care.</summary>
    public IVelocityField On(TimeGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return weights.MeanMode ? new FieldOnGrid(this, grid) : this;
    }

    public IPatchField Begin(Tensor condition, Tensor history) =>
        weights.MeanMode ? throw new InvalidOperationException("A mean-mode model has to know the sampler's grid.") : Begin(condition, history, null);

    public Tensor Velocity(Tensor x, double time)
    {
        ArgumentNullException.ThrowIfNull(x);
        var (patch, dim) = (_layout.PatchSize, _layout.LatentDim);
        if (x.Rank != 3 || x[0] != _batch || x[1] != patch || x[2] != dim)
            throw new ArgumentException($"Noisy patches are [{_batch}, {patch}, {dim}], found {x}.", nameof(x));
        InferenceSession.RequireSingles(x, nameof(x));
        var sequences = new Sequences(_batch, _layout.Tokens);
        var tokens = _tokens.Floats((long)sequences.Rows * Width);
        var projected = _projected.Floats((long)_batch * patch * Width);
        var given = _given.Floats((long)sequences.Rows * Width);
        new ReadOnlySpan<float>(given, sequences.Rows * Width).CopyTo(new Span<float>(tokens, sequences.Rows * Width));
        var embedding = _times[time, _grid?.StepFrom(time) ?? 0];
        for (var i = 0; i < _batch; i++)
        {
            var token = tokens + ((((nint)i * sequences.Time) + _layout.TimeToken) * Width);
            for (var j = 0; j < Width; j++)
                token[j] += embedding[j];
        }

        fixed (float* noisy = x.Values<float>())
        {
            var prepared = _transformer.Prepare(_batch * patch, dim, noisy, dim, WeightFormat.Float32);
            weights.Noisy.Multiply(in prepared, projected, Width, pool);
            Place(projected, patch, tokens, _layout.FirstNoisy);
        }

        _transformer.RunWhole(tokens, sequences, _layout.FirstNoisy, patch);                       // [batch, P, width]
        var velocity = _velocity.Floats((long)_batch * patch * dim);
        var last = _transformer.PrepareLast(_batch * patch, tokens, Width, WeightFormat.Float32);
        weights.Output.Multiply(in last, velocity, dim, pool);
        return Tensor.From(new ReadOnlySpan<float>(velocity, x.Count), _batch, patch, dim);
    }

    public void Dispose()
    {
        _transformer.Dispose();
        _times.Dispose();
        _given.Dispose();
        _tokens.Dispose();
        _projected.Dispose();
        _velocity.Dispose();
    }

    private DiffusionSession Begin(Tensor condition, Tensor history, TimeGrid? grid)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(history);
        var (width, dim, clean) = (_layout.ConditionWidth, _layout.LatentDim, _layout.CleanLatents);
        if (condition.Rank != 2 || condition[1] != width)
            throw new ArgumentException($"Conditions are [batch, {width}], found {condition}.", nameof(condition));
        if (history.Rank != 3 || history[0] != condition[0] || history[1] != clean || history[2] != dim)
            throw new ArgumentException($"The history is [{condition[0]}, {clean}, {dim}], found {history}.", nameof(history));
        InferenceSession.RequireSingles(condition, nameof(condition));
        InferenceSession.RequireSingles(history, nameof(history));
        (_batch, _grid) = (condition[0], grid);
        var given = _given.Floats((long)_batch * _layout.Tokens * Width);                          // [batch, tokens, width]
        new Span<float>(given, _batch * _layout.Tokens * Width).Clear();
        var projected = _projected.Floats((long)_batch * Math.Max(1, clean) * Width);
        fixed (float* told = condition.Values<float>(), latents = history.Values<float>())
        {
            PreparedRows prepared;
            if (weights.Condition is { } projection)
            {
                prepared = _transformer.Prepare(_batch, width, told, width, projection.Weight.Format);
                projection.Multiply(in prepared, projected, Width, pool);
                Place(projected, _layout.ConditionTokens, given, 0);
            }
            else
            {
                Place(told, _layout.ConditionTokens, given, 0);
            }

            if (clean > 0)
            {
                prepared = _transformer.Prepare(_batch * clean, dim, latents, dim, WeightFormat.Float32);
                weights.History.Multiply(in prepared, projected, Width, pool);
                Place(projected, clean, given, _layout.FirstClean);
            }
        }

        return this;
    }

    // rows [batch, count, width] become the tokens first .. first + count - 1 of each sequence.
    private void Place(float* rows, int count, float* tokens, int first)
    {
        for (var i = 0; i < _batch; i++)
        {
            new ReadOnlySpan<float>(rows + ((nint)i * count * Width), count * Width)
                .CopyTo(new Span<float>(tokens + ((((nint)i * _layout.Tokens) + first) * Width), count * Width));
        }
    }

    private sealed class FieldOnGrid(DiffusionSession session, TimeGrid grid) : IVelocityField
    {
        public IPatchField Begin(Tensor condition, Tensor history) => session.Begin(condition, history, grid);
    }
}
