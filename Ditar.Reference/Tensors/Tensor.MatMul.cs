// Matrix products, batched and broadcast, and the linear map y = x W^T + b that every layer is made of.

using Ditar.Reference.Kernels;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    /// <summary>
    /// Matrix product over the last two axes. Leading axes must be equal, or one side has none and is shared.
    /// </summary>
    /// <param name="other">[..., k, n], or [..., n, k] with <paramref name="transposeOther"/>.</param>
    /// <param name="transposeThis">This is [..., k, m] instead of [..., m, k].</param>
    /// <returns>[..., m, n].</returns>
    /// <exception cref="ArgumentException">Inner extents or leading axes differ; the message names both shapes.</exception>
    public Tensor MatMul(Tensor other, bool transposeThis = false, bool transposeOther = false)
    {
        RequireSameType(this, other);
        if (Rank < 2 || other.Rank < 2) throw new ArgumentException($"MatMul needs matrices, found {ShapeText.Of(shape)} and {ShapeText.Of(other.shape)}.");
        var (m, k) = transposeThis ? (this[-1], this[-2]) : (this[-2], this[-1]);
        var (k2, n) = transposeOther ? (other[-1], other[-2]) : (other[-2], other[-1]);
        var leading = Rank >= other.Rank ? shape[..^2] : other.shape[..^2];
        var fits = k == k2
            && (Rank == 2 || shape.AsSpan(0, Rank - 2).SequenceEqual(leading))
            && (other.Rank == 2 || other.shape.AsSpan(0, other.Rank - 2).SequenceEqual(leading));
        if (!fits)
        {
            throw new ArgumentException(
                $"{ShapeText.Of(shape)}{(transposeThis ? " transposed" : "")} times {ShapeText.Of(other.shape)}{(transposeOther ? " transposed" : "")} does not fit.");
        }

        var batch = ShapeText.Count(leading);
        var result = Allocate(Type, [.. leading, m, n]);
        var product = new MatMulShape(
            batch, m, n, k,
            Rank == 2 ? 0 : m * k, transposeThis ? 1 : k, transposeThis ? m : 1,
            other.Rank == 2 ? 0 : k * n, transposeOther ? 1 : n, transposeOther ? k : 1,
            m * n, n, Accumulate: false);

        // A shared right side turns the batch into more rows: one large product instead of many small ones.
        if (other.Rank == 2 && Rank > 2 && !transposeThis) product = product with { Batch = 1, M = batch * m };
        Multiply(product, this, 0, other, 0, result, 0);

        if (Tape.Tracks(this, other))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                // C = A B:  dA = dC B^T,  dB = A^T dC; transposed operands get the transposes of these.
                if (tape.Wants(this))
                {
                    var da = transposeThis
                        ? other.MatMul(gradient, transposeThis: transposeOther, transposeOther: true)
                        : gradient.MatMul(other, transposeOther: !transposeOther);
                    tape.Accumulate(this, Rank == 2 && da.Rank > 2 ? da.SumTo(shape) : da);
                }

                if (tape.Wants(other)) tape.Accumulate(other, RightGradient(this, gradient, other, transposeThis, transposeOther));
            });
        }

        return Observation.Record(OperationKind.MatMul, result, [this, other], [transposeThis ? 1 : 0, transposeOther ? 1 : 0]);
    }

    /// <summary>x W^T + b over the last axis.</summary>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <returns>[..., outputs].</returns>
    public Tensor Linear(Tensor weight, Tensor? bias = null)
    {
        if (weight.Rank != 2 || weight[1] != this[-1])
            throw new ArgumentException($"A linear map {ShapeText.Of(weight.shape)} (outputs, inputs) does not take {ShapeText.Of(shape)}.");
        using var whole = Observation.Compose();
        var y = Reshape(-1, this[-1]).MatMul(weight, transposeOther: true);                       // [rows, outputs]
        if (bias is not null) y += bias;
        return whole.Record(OperationKind.Linear, y.Reshape([.. shape[..^1], weight[0]]), [this, weight, bias]);
    }

    /// <summary>One product over raw offsets: the seam's call with the element type resolved.</summary>
    private static void Multiply(in MatMulShape product, Tensor a, int aStart, Tensor b, int bStart, Tensor c, int cStart)
    {
        if (a.Type == ElementType.Float32) Kernels.MatMul<float>(product, a.Values<float>()[aStart..], b.Values<float>()[bStart..], c.Values<float>()[cStart..]);
        else Kernels.MatMul<double>(product, a.Values<double>()[aStart..], b.Values<double>()[bStart..], c.Values<double>()[cStart..]);
    }

    private static Tensor RightGradient(Tensor a, Tensor gradient, Tensor b, bool transposeA, bool transposeB)
    {
        // A shared right side collects from all batches: fold the batch into the rows so that one product does it.
        if (b.Rank == 2 && a.Rank > 2 && !transposeA)
        {
            a = a.Reshape(-1, a[-1]);
            gradient = gradient.Reshape(-1, gradient[-1]);
        }

        var db = transposeB
            ? gradient.MatMul(a, transposeThis: true, transposeOther: transposeA)
            : a.MatMul(gradient, transposeThis: !transposeA);
        return b.Rank == 2 && db.Rank > 2 ? db.SumTo(b.shape) : db;
    }
}
