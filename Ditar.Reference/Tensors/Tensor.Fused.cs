// Operations that are one kernel each because models spend their time in them: the norms, rotary positions, attention, Snake, dropout.
// Each equals a few lines of the plain operations; tests hold the two together.

using Ditar.Reference.Kernels;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    /// <summary>x gain / sqrt(mean(x^2) + epsilon) over the last axis.</summary>
    /// <param name="gain">[width].</param>
    public Tensor RmsNorm(Tensor gain, double epsilon)
    {
        var (rows, width) = RequireRows(gain);
        var result = Like();
        var inverse = Allocate(Type, [rows]);
        if (Type == ElementType.Float32)
            Kernels.RmsNorm<float>(rows, width, (float)epsilon, Values<float>(), gain.Values<float>(), result.Values<float>(), inverse.Values<float>());
        else
            Kernels.RmsNorm<double>(rows, width, epsilon, Values<double>(), gain.Values<double>(), result.Values<double>(), inverse.Values<double>());
        if (Tape.Tracks(this, gain))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                var dgain = Zeros(Type, width);
                if (Type == ElementType.Float32)
                    Kernels.RmsNormGradient<float>(rows, width, Values<float>(), gain.Values<float>(), inverse.Values<float>(), gradient.Values<float>(), dx.Values<float>(), dgain.Values<float>());
                else
                    Kernels.RmsNormGradient<double>(rows, width, Values<double>(), gain.Values<double>(), inverse.Values<double>(), gradient.Values<double>(), dx.Values<double>(), dgain.Values<double>());
                tape.Accumulate(this, dx);
                tape.Accumulate(gain, dgain);
            });
        }

        return Observation.Record(OperationKind.RmsNorm, result, [this, gain], numbers: [epsilon]);
    }

    /// <summary>(x - mean) gain / sqrt(variance + epsilon) + bias over the last axis.</summary>
    /// <param name="gain">[width].</param>
    /// <param name="bias">[width].</param>
    public Tensor LayerNorm(Tensor gain, Tensor bias, double epsilon)
    {
        var (rows, width) = RequireRows(gain);
        var result = Like();
        var mean = Allocate(Type, [rows]);
        var inverse = Allocate(Type, [rows]);
        if (Type == ElementType.Float32)
            Kernels.LayerNorm<float>(rows, width, (float)epsilon, Values<float>(), gain.Values<float>(), bias.Values<float>(), result.Values<float>(), mean.Values<float>(), inverse.Values<float>());
        else
            Kernels.LayerNorm<double>(rows, width, epsilon, Values<double>(), gain.Values<double>(), bias.Values<double>(), result.Values<double>(), mean.Values<double>(), inverse.Values<double>());
        if (Tape.Tracks(this) || Tape.Tracks(gain, bias))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                var dgain = Zeros(Type, width);
                var dbias = Zeros(Type, width);
                if (Type == ElementType.Float32)
                {
                    Kernels.LayerNormGradient<float>(
                        rows, width, Values<float>(), gain.Values<float>(), mean.Values<float>(), inverse.Values<float>(), gradient.Values<float>(),
                        dx.Values<float>(), dgain.Values<float>(), dbias.Values<float>());
                }
                else
                {
                    Kernels.LayerNormGradient<double>(
                        rows, width, Values<double>(), gain.Values<double>(), mean.Values<double>(), inverse.Values<double>(), gradient.Values<double>(),
                        dx.Values<double>(), dgain.Values<double>(), dbias.Values<double>());
                }

                tape.Accumulate(this, dx);
                tape.Accumulate(gain, dgain);
                tape.Accumulate(bias, dbias);
            });
        }

        return Observation.Record(OperationKind.LayerNorm, result, [this, gain, bias], numbers: [epsilon]);
    }

    /// <summary>Snake: x + sin^2(alpha x) / alpha, one alpha per channel (the last axis).</summary>
    /// <param name="alpha">[channels], not zero.</param>
    public Tensor Snake(Tensor alpha)
    {
        var (rows, width) = RequireRows(alpha);
        var result = Like();
        if (Type == ElementType.Float32) Kernels.Snake<float>(rows, width, Values<float>(), alpha.Values<float>(), result.Values<float>());
        else Kernels.Snake<double>(rows, width, Values<double>(), alpha.Values<double>(), result.Values<double>());
        if (Tape.Tracks(this, alpha))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                var dalpha = Zeros(Type, width);
                if (Type == ElementType.Float32)
                    Kernels.SnakeGradient<float>(rows, width, Values<float>(), alpha.Values<float>(), gradient.Values<float>(), dx.Values<float>(), dalpha.Values<float>());
                else
                    Kernels.SnakeGradient<double>(rows, width, Values<double>(), alpha.Values<double>(), gradient.Values<double>(), dx.Values<double>(), dalpha.Values<double>());
                tape.Accumulate(this, dx);
                tape.Accumulate(alpha, dalpha);
            });
        }

        return Observation.Record(OperationKind.Snake, result, [this, alpha]);
    }

    /// <summary>Rotates pairs (2i, 2i+1) of the last axis of this [batch, time, heads, headDim] by angles given per time step.</summary>
    /// <param name="cosine">[time, headDim / 2].</param>
    /// <param name="sine">[time, headDim / 2].</param>
    public Tensor Rotate(Tensor cosine, Tensor sine) => Observation.Record(OperationKind.Rotate, Rotate(cosine, sine, inverse: false), [this, cosine, sine]);

    /// <summary>softmax(scale q k^T + mask) v per head; this is q [batch, queries, heads, headDim].</summary>
    /// <param name="keys">[batch, keys, keyHeads, headDim]; keyHeads divides heads.</param>
    /// <param name="values">As keys.</param>
    /// <param name="causal">Query i sees keys up to i + keys - queries.</param>
    /// <param name="mask">Added to the scores, [queries, keys]: 0 or -infinity; null for none.</param>
    /// <returns>[batch, queries, heads, headDim].</returns>
    public Tensor Attention(Tensor keys, Tensor values, double scale, bool causal, Tensor? mask = null)
    {
        var fits = Rank == 4 && keys.Rank == 4 && keys.Shape.SequenceEqual(values.Shape) && keys[0] == this[0] && keys[3] == this[3]
            && keys[2] > 0 && this[2] % keys[2] == 0 && (!causal || keys[1] >= this[1]);
        if (!fits) throw new ArgumentException($"Attention of queries {ShapeText.Of(shape)} over keys {ShapeText.Of(keys.shape)} and values {ShapeText.Of(values.shape)}.");
        if (mask is not null && (mask.Rank != 2 || mask[0] != this[1] || mask[1] != keys[1]))
            throw new ArgumentException($"A mask {ShapeText.Of(mask.shape)} for {this[1]} queries and {keys[1]} keys.", nameof(mask));
        var s = new AttentionShape(this[0], this[1], keys[1], this[2], keys[2], this[3], causal, scale);
        var result = Like();
        var probabilities = Allocate(Type, [s.Batch, s.Heads, s.Queries, s.Keys]);
        if (Type == ElementType.Float32)
        {
            Kernels.Attention<float>(
                s, Values<float>(), keys.Values<float>(), values.Values<float>(), mask is null ? [] : mask.Values<float>(), result.Values<float>(), probabilities.Values<float>());
        }
        else
        {
            Kernels.Attention<double>(
                s, Values<double>(), keys.Values<double>(), values.Values<double>(), mask is null ? [] : mask.Values<double>(), result.Values<double>(), probabilities.Values<double>());
        }

        if (Tape.Tracks(this) || Tape.Tracks(keys, values))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dq = Like();
                var dk = keys.Like();
                var dv = values.Like();
                if (Type == ElementType.Float32)
                {
                    Kernels.AttentionGradient<float>(
                        s, Values<float>(), keys.Values<float>(), values.Values<float>(), probabilities.Values<float>(), gradient.Values<float>(),
                        dq.Values<float>(), dk.Values<float>(), dv.Values<float>());
                }
                else
                {
                    Kernels.AttentionGradient<double>(
                        s, Values<double>(), keys.Values<double>(), values.Values<double>(), probabilities.Values<double>(), gradient.Values<double>(),
                        dq.Values<double>(), dk.Values<double>(), dv.Values<double>());
                }

                tape.Accumulate(this, dq);
                tape.Accumulate(keys, dk);
                tape.Accumulate(values, dv);
            });
        }

        return Observation.Record(OperationKind.Attention, result, [this, keys, values, mask], [causal ? 1 : 0], [scale]);
    }

    /// <summary>Inverted dropout: elements whose uniform draw is below <paramref name="rate"/> become 0, the rest are divided by 1 - rate.</summary>
    /// <param name="uniform">Draws in [0, 1), one per element, from the caller's generator.</param>
    public Tensor Dropout(double rate, ReadOnlySpan<float> uniform)
    {
        if (rate is < 0 or >= 1) throw new ArgumentOutOfRangeException(nameof(rate), rate, "A dropout rate lies in [0, 1).");
        if (uniform.Length != Count) throw new ArgumentException($"{uniform.Length} draws for {ShapeText.Of(shape)}.", nameof(uniform));
        if (rate == 0) return this;
        var keep = new double[Count];
        for (var i = 0; i < keep.Length; i++) keep[i] = uniform[i] < rate ? 0 : 1 / (1 - rate);
        return this * From(Type, keep, shape);
    }

    private Tensor Rotate(Tensor cosine, Tensor sine, bool inverse)
    {
        if (Rank != 4 || cosine.Rank != 2 || !cosine.Shape.SequenceEqual(sine.Shape) || cosine[0] != this[1] || cosine[1] * 2 != this[3])
            throw new ArgumentException($"Angles {ShapeText.Of(cosine.shape)} (time, headDim / 2) for {ShapeText.Of(shape)} (batch, time, heads, headDim).");
        var result = Like();
        if (Type == ElementType.Float32)
            Kernels.Rotate<float>(shape[0], shape[1], shape[2], shape[3], inverse, Values<float>(), cosine.Values<float>(), sine.Values<float>(), result.Values<float>());
        else
            Kernels.Rotate<double>(shape[0], shape[1], shape[2], shape[3], inverse, Values<double>(), cosine.Values<double>(), sine.Values<double>(), result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Rotate(cosine, sine, !inverse)));
        return result;
    }

    private (int Rows, int Width) RequireRows(Tensor perChannel)
    {
        RequireSameType(this, perChannel);
        if (Rank == 0 || perChannel.Rank != 1 || perChannel[0] != this[-1])
            throw new ArgumentException($"One number per channel needed: {ShapeText.Of(perChannel.shape)} for {ShapeText.Of(shape)}.");
        return (this[-1] == 0 ? 0 : Count / this[-1], this[-1]);
    }
}
