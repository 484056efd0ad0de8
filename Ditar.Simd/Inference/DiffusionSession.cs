// LocDiT at work. Both branches of guidance are one batch. Per patch: condition and history are projected once and become the tokens that every solver
// step starts from. Per distinct time: its embedding is computed once and kept. Per step: the noisy latents' tokens, the transformer, and of its last
// layer only the P rows that are the velocity.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class DiffusionSession(InferenceModel model, WorkerPool? pool) : IVelocityField, IPatchField, IDisposable
{
    private readonly PackedDiffusion _weights = model.Diffusion;
    private readonly TransformerSession _transformer = new(model.Diffusion.Transformer, pool);
    private readonly KeptTimes _times = new(model.Diffusion, pool);
    private readonly GrowingBuffer _given = new(), _tokens = new(), _projected = new(), _velocity = new();
    private int _batch;

    public long Bytes => _transformer.Bytes + _times.Bytes + _given.Bytes + _tokens.Bytes + _projected.Bytes + _velocity.Bytes;

    private DitarConfig Config => model.Config;

    private int Width => Config.Diffusion.Width;

    // K*P.
    private int Clean => Config.HistoryPatches * Config.PatchSize;

    public IPatchField Begin(Tensor condition, Tensor history)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(history);
        if (condition.Rank != 2 || condition[1] != Config.LanguageModel.Width)
            throw new ArgumentException($"Conditions are [batch, {Config.LanguageModel.Width}], found {condition}.", nameof(condition));
        if (history.Rank != 3 || history[0] != condition[0] || history[1] != Clean || history[2] != Config.LatentDim)
            throw new ArgumentException($"The history is [{condition[0]}, {Clean}, {Config.LatentDim}], found {history}.", nameof(history));
        InferenceSession.RequireSingles(condition, nameof(condition));
        InferenceSession.RequireSingles(history, nameof(history));
        _batch = condition[0];
        var given = _given.Floats((long)_batch * Config.DiffusionTokens * Width);                  // [batch, 1 + K*P + P, width]
        var projected = _projected.Floats((long)_batch * Math.Max(1, Clean) * Width);
        fixed (float* h = condition.Values<float>(), clean = history.Values<float>())
        {
            var prepared = _transformer.Prepare(_batch, Config.LanguageModel.Width, h, Config.LanguageModel.Width, _weights.Condition.Weight.Format);
            _weights.Condition.Multiply(in prepared, projected, Width, pool);
            Place(projected, 1, given, 0);
            if (Clean > 0)
            {
                prepared = _transformer.Prepare(_batch * Clean, Config.LatentDim, clean, Config.LatentDim, WeightFormat.Float32);
                _weights.History.Multiply(in prepared, projected, Width, pool);
                Place(projected, Clean, given, 1);
            }
        }

        return this;
    }

    public Tensor Velocity(Tensor x, double time)
    {
        ArgumentNullException.ThrowIfNull(x);
        var patch = Config.PatchSize;
        if (x.Rank != 3 || x[0] != _batch || x[1] != patch || x[2] != Config.LatentDim)
            throw new ArgumentException($"Noisy patches are [{_batch}, {patch}, {Config.LatentDim}], found {x}.", nameof(x));
        InferenceSession.RequireSingles(x, nameof(x));
        var sequences = new Sequences(_batch, Config.DiffusionTokens);
        var tokens = _tokens.Floats((long)sequences.Rows * Width);
        var projected = _projected.Floats((long)_batch * Math.Max(Clean, patch) * Width);
        var given = _given.Floats((long)sequences.Rows * Width);
        new ReadOnlySpan<float>(given, sequences.Rows * Width).CopyTo(new Span<float>(tokens, sequences.Rows * Width));
        var embedding = _times[time];
        for (var i = 0; i < _batch; i++)
        {
            var prefix = tokens + ((nint)i * sequences.Time * Width);
            for (var j = 0; j < Width; j++)
                prefix[j] += embedding[j];
        }

        fixed (float* noisy = x.Values<float>())
        {
            var prepared = _transformer.Prepare(_batch * patch, Config.LatentDim, noisy, Config.LatentDim, WeightFormat.Float32);
            _weights.Noisy.Multiply(in prepared, projected, Width, pool);
            Place(projected, patch, tokens, 1 + Clean);
        }

        _transformer.RunWhole(tokens, sequences, 1 + Clean, patch);                                // [batch, P, width]
        var velocity = _velocity.Floats((long)_batch * patch * Config.LatentDim);
        var last = _transformer.PrepareLast(_batch * patch, tokens, Width, WeightFormat.Float32);
        _weights.Output.Multiply(in last, velocity, Config.LatentDim, pool);
        return Tensor.From(new ReadOnlySpan<float>(velocity, x.Count), _batch, patch, Config.LatentDim);
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

    // rows [batch, count, width] become the tokens first .. first + count - 1 of each sequence.
    private void Place(float* rows, int count, float* tokens, int first)
    {
        for (var i = 0; i < _batch; i++)
        {
            new ReadOnlySpan<float>(rows + ((nint)i * count * Width), count * Width)
                .CopyTo(new Span<float>(tokens + ((((nint)i * Config.DiffusionTokens) + first) * Width), count * Width));
        }
    }
}
