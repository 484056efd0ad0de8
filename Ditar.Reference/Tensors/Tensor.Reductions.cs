// Sums, means, softmax, cross-entropy.

using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    /// <summary>The sum of all elements: shape [].</summary>
    public Tensor Sum() => Reshape(Count).Sum(0, keep: false);

    /// <summary>The mean of all elements: shape [].</summary>
    public Tensor Mean() => Sum() / Count;

    /// <summary>The sum along one axis, which stays with extent 1 or, with keep false, goes.</summary>
    public Tensor Sum(int axis, bool keep = true)
    {
        using var whole = Observation.Compose();
        var at = ShapeText.Axis(axis, Rank);
        var (outer, count, inner) = Around(at);
        int[] reduced = [.. shape];
        reduced[at] = 1;
        var result = Allocate(Type, reduced);
        if (Type == ElementType.Float32) Kernels.Sum<float>(outer, count, inner, Values<float>(), result.Values<float>());
        else Kernels.Sum<double>(outer, count, inner, Values<double>(), result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient + Zeros(Type, shape)));
        return whole.Record(OperationKind.Sum, keep ? result : result.Reshape([.. reduced[..at], .. reduced[(at + 1)..]]), [this], [at, keep ? 1 : 0]);
    }

    public Tensor Mean(int axis, bool keep = true)
    {
        using var whole = Observation.Compose();
        return whole.Record(OperationKind.Mean, Sum(axis, keep) / this[axis], [this], [ShapeText.Axis(axis, Rank), keep ? 1 : 0]);
    }

    /// <summary>Sums over whatever broadcasting stretched, so that the result has <paramref name="target"/>'s shape.</summary>
    public Tensor SumTo(ReadOnlySpan<int> target)
    {
        if (target.SequenceEqual(shape)) return this;
        if (!ShapeText.Broadcast(shape, target).AsSpan().SequenceEqual(shape))
            throw new ArgumentException($"{ShapeText.Of(target)} does not stretch to {ShapeText.Of(shape)}.");

        // Leading axes that all stretch are summed in one pass over [outer, rest].
        var lead = Rank - target.Length;
        while (lead < Rank && target[lead - (Rank - target.Length)] == 1) lead++;
        var outer = ShapeText.Count(shape.AsSpan(0, lead));
        var result = Reshape([outer, .. shape[lead..]]).Sum(0, keep: false);                       // [rest]
        for (var axis = lead; axis < Rank; axis++)
            if (target[axis - (Rank - target.Length)] == 1 && shape[axis] != 1) result = result.Sum(axis - lead);
        return result.Reshape(target);
    }

    /// <summary>exp(x - max) / sum over the last axis; a row of -infinity only becomes zeros.</summary>
    public Tensor Softmax() => Observation.Record(OperationKind.Softmax, Rows(
        (r, w, x, y) => Kernels.Softmax<float>(r, w, x, y), (r, w, x, y) => Kernels.Softmax<double>(r, w, x, y),
        (r, w, y, dy, dx) => Kernels.SoftmaxGradient<float>(r, w, y, dy, dx), (r, w, y, dy, dx) => Kernels.SoftmaxGradient<double>(r, w, y, dy, dx)), [this]);

    /// <summary>Softmax of x + mask: the mask is 0 where a position may be seen and -infinity where it may not.</summary>
    public Tensor Softmax(Tensor mask) => (this + mask).Softmax();

    public Tensor LogSoftmax() => Observation.Record(OperationKind.LogSoftmax, Rows(
        (r, w, x, y) => Kernels.LogSoftmax<float>(r, w, x, y), (r, w, x, y) => Kernels.LogSoftmax<double>(r, w, x, y),
        (r, w, y, dy, dx) => Kernels.LogSoftmaxGradient<float>(r, w, y, dy, dx), (r, w, y, dy, dx) => Kernels.LogSoftmaxGradient<double>(r, w, y, dy, dx)), [this]);

    /// <summary>Mean over rows of -log softmax(logits)[label]; rows with a negative label are left out.</summary>
    /// <param name="labels">One class per row of these logits [..., classes].</param>
    public Tensor CrossEntropy(ReadOnlySpan<int> labels)
    {
        var classes = this[-1];
        var rows = Count / classes;
        if (labels.Length != rows) throw new ArgumentException($"{labels.Length} labels for logits {ShapeText.Of(shape)}.", nameof(labels));
        var picks = new List<int>(rows);
        for (var row = 0; row < rows; row++)
        {
            if (labels[row] >= classes) throw new ArgumentException($"Label {labels[row]} at row {row}, but there are {classes} classes.", nameof(labels));
            if (labels[row] >= 0) picks.Add((row * classes) + labels[row]);
        }

        if (picks.Count == 0) throw new ArgumentException("Every label is left out.", nameof(labels));
        return -LogSoftmax().Reshape(Count, 1).Gather([.. picks]).Mean();
    }

    private delegate void RowKernel<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y);

    private delegate void RowGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx);

    private Tensor Rows(RowKernel<float> single, RowKernel<double> full, RowGradient<float> singleGradient, RowGradient<double> fullGradient)
    {
        var width = this[-1];
        var rows = width == 0 ? 0 : Count / width;
        var result = Like();
        if (Type == ElementType.Float32) single(rows, width, Values<float>(), result.Values<float>());
        else full(rows, width, Values<double>(), result.Values<double>());
        if (Tape.Tracks(this))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                if (Type == ElementType.Float32) singleGradient(rows, width, result.Values<float>(), gradient.Values<float>(), dx.Values<float>());
                else fullGradient(rows, width, result.Values<double>(), gradient.Values<double>(), dx.Values<double>());
                tape.Accumulate(this, dx);
            });
        }

        return result;
    }

    private (int Outer, int Count, int Inner) Around(int axis) =>
        (ShapeText.Count(shape.AsSpan(0, axis)), shape[axis], ShapeText.Count(shape.AsSpan(axis + 1)));
}
