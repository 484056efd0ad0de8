// Moving numbers about: reshape (free), slice, concatenate, permute, pad, gather rows. Gradients are the same moves backwards.

using System.Numerics;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    /// <summary>The same elements under another shape; one extent may be -1 and is worked out. A view.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> newShape)
    {
        Span<int> resolved = stackalloc int[newShape.Length];
        newShape.CopyTo(resolved);
        var unknown = resolved.IndexOf(-1);
        if (unknown >= 0)
        {
            resolved[unknown] = 1;
            var known = ShapeText.Count(resolved);
            resolved[unknown] = known == 0 ? 0 : Count / known;
        }

        if (ShapeText.Count(resolved) != Count) throw new ArgumentException($"{ShapeText.Of(shape)} does not reshape to {ShapeText.Of(newShape)}.");
        var result = View(0, resolved);
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Reshape(shape), owned: false));
        return Observation.Record(OperationKind.Reshape, result, [this]);
    }

    /// <summary>Elements start .. start+length-1 of an axis. A view when all axes before it have extent 1.</summary>
    public Tensor Slice(int axis, int start, int length)
    {
        var at = ShapeText.Axis(axis, Rank);
        if (start < 0 || length < 0 || start > shape[at] - length)
            throw new ArgumentOutOfRangeException(nameof(start), $"Slice {start}..{start + (long)length} of axis {at} of {ShapeText.Of(shape)}.");
        var (outer, count, inner) = Around(at);
        Span<int> sliced = stackalloc int[Rank];
        shape.CopyTo(sliced);
        sliced[at] = length;
        Tensor result;
        if (outer == 1)
        {
            result = View(start * inner, sliced);
        }
        else
        {
            result = Allocate(Type, sliced);
            CopyBlocks(this, start * inner, count * inner, result, 0, length * inner, outer, length * inner);
        }

        if (Tape.Tracks(this)) RecordSlice(result, at, start, length);
        return Observation.Record(OperationKind.Slice, result, [this], [at, start, length]);
    }

    /// <summary>Joins tensors along an axis; all other extents are equal.</summary>
    public static Tensor Concat(int axis, params ReadOnlySpan<Tensor> parts)
    {
        if (parts.IsEmpty) throw new ArgumentException("Nothing to concatenate.", nameof(parts));
        var first = parts[0];
        var at = ShapeText.Axis(axis, first.Rank);
        Span<int> joined = stackalloc int[first.Rank];
        first.shape.CopyTo(joined);
        joined[at] = 0;
        foreach (var part in parts)
        {
            RequireSameType(first, part);
            var fits = part.Rank == first.Rank;
            for (var i = 0; fits && i < first.Rank; i++) fits = i == at || part.shape[i] == first.shape[i];
            if (!fits) throw new ArgumentException($"{ShapeText.Of(first.shape)} and {ShapeText.Of(part.shape)} do not concatenate along axis {at}.");
            joined[at] += part.shape[at];
        }

        var result = Allocate(first.Type, joined);
        var (outer, count, inner) = result.Around(at);
        var start = 0;
        foreach (var part in parts)
        {
            var block = part.shape[at] * inner;
            CopyBlocks(part, 0, block, result, start, count * inner, outer, block);
            start += block;
        }

        if (Tape.Tracks(parts)) RecordConcat(result, at, [.. parts]);
        return Observation.Record(OperationKind.Concat, result, parts, [at]);
    }

    /// <summary>Zeros before and after along an axis.</summary>
    public Tensor Pad(int axis, int before, int after)
    {
        if (before == 0 && after == 0) return this;
        using var whole = Observation.Compose();
        var at = ShapeText.Axis(axis, Rank);
        var (outer, count, inner) = Around(at);
        int[] padded = [.. shape];
        padded[at] = checked(before + count + after);
        var result = Zeros(Type, padded);
        CopyBlocks(this, 0, count * inner, result, before * inner, padded[at] * inner, outer, count * inner);
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Slice(at, before, count), owned: false));
        return whole.Record(OperationKind.Pad, result, [this], [at, before, after]);
    }

    /// <summary>Axis i of the result is axis order[i] of this.</summary>
    public Tensor Permute(params ReadOnlySpan<int> order)
    {
        int[] axes = [.. order];
        int[] sorted = [.. axes.Order()];
        if (!sorted.AsSpan().SequenceEqual(Enumerable.Range(0, Rank).ToArray()))
            throw new ArgumentException($"{ShapeText.Of(order)} is not an order of the axes of {ShapeText.Of(shape)}.");
        int[] permuted = [.. axes.Select(a => shape[a])];
        var result = Allocate(Type, permuted);
        if (Type == ElementType.Float32) Permute<float>(shape, axes, Values<float>(), result.Values<float>());
        else Permute<double>(shape, axes, Values<double>(), result.Values<double>());
        if (Tape.Tracks(this))
        {
            int[] back = [.. Enumerable.Range(0, axes.Length).Select(i => Array.IndexOf(axes, i))];
            Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Permute(back)));
        }

        return Observation.Record(OperationKind.Permute, result, [this], axes);
    }

    /// <summary>Swaps two axes.</summary>
    public Tensor Transpose(int a, int b)
    {
        var order = Enumerable.Range(0, Rank).ToArray();
        (order[ShapeText.Axis(a, Rank)], order[ShapeText.Axis(b, Rank)]) = (ShapeText.Axis(b, Rank), ShapeText.Axis(a, Rank));
        return Permute(order);
    }

    /// <summary>Rows of this [rows, ...] by index: [indices.Length, ...]. A row may be taken often; its gradients add up.</summary>
    public Tensor Gather(params ReadOnlySpan<int> indices)
    {
        var (_, rows, width) = Around(0);
        foreach (var index in indices)
            if (index < 0 || index >= rows) throw new ArgumentOutOfRangeException(nameof(indices), index, $"No row {index} in {ShapeText.Of(shape)}.");
        int[] picks = [.. indices];
        var result = Allocate(Type, [picks.Length, .. shape[1..]]);
        if (Type == ElementType.Float32) GatherRows<float>(Values<float>(), picks, width, result.Values<float>());
        else GatherRows<double>(Values<double>(), picks, width, result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.ScatterAdd(picks, rows)));
        return Observation.Record(OperationKind.Gather, result, [this], picks);
    }

    /// <summary>The adjoint of <see cref="Gather"/>: row i of this is added to row indices[i] of a zero tensor [rows, ...].</summary>
    public Tensor ScatterAdd(ReadOnlySpan<int> indices, int rows)
    {
        if (indices.Length != this[0]) throw new ArgumentException($"{indices.Length} indices for {ShapeText.Of(shape)}.", nameof(indices));
        using var whole = Observation.Compose();
        int[] places = [.. indices];
        var width = Around(0).Inner;
        var result = Zeros(Type, [rows, .. shape[1..]]);
        if (Type == ElementType.Float32) ScatterRows<float>(Values<float>(), places, width, result.Values<float>());
        else ScatterRows<double>(Values<double>(), places, width, result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Gather(places)));
        return whole.Record(OperationKind.ScatterAdd, result, [this], places);
    }

    /// <summary>Copies a tensor of the same shape over this one. For state that stays while arenas come and go; a tape does not see it.</summary>
    internal void Write(Tensor whole)
    {
        if (!whole.Shape.SequenceEqual(shape)) throw new ArgumentException($"{whole} does not fit into {this}.", nameof(whole));
        RequireSameType(this, whole);
        CopyBlocks(whole, 0, 0, this, 0, 0, 1, Count);
    }

    /// <summary>Copies <paramref name="part"/> over positions start .. of an axis. For caches; a tape does not see it.</summary>
    internal void Write(Tensor part, int axis, int start)
    {
        var (outer, count, inner) = Around(axis);
        CopyBlocks(part, 0, part.shape[axis] * inner, this, start * inner, count * inner, outer, part.shape[axis] * inner);
    }

    // What a closure holds is allocated where its method begins, so those that a generation step calls have a method for their gradient.
    private void RecordSlice(Tensor result, int at, int start, int length)
    {
        var (outer, count, inner) = Around(at);
        Tape.Record(result, (tape, gradient) =>
        {
            var dx = Zeros(Type, shape);
            CopyBlocks(gradient, 0, length * inner, dx, start * inner, count * inner, outer, length * inner);
            tape.Accumulate(this, dx);
        });
    }

    private static void RecordConcat(Tensor result, int at, Tensor[] inputs) => Tape.Record(result, (tape, gradient) =>
    {
        var from = 0;
        foreach (var input in inputs)
        {
            if (tape.Wants(input)) tape.Accumulate(input, gradient.Slice(at, from, input.shape[at]), owned: false);
            from += input.shape[at];
        }
    });

    private static void CopyBlocks(Tensor from, int fromStart, int fromStride, Tensor to, int toStart, int toStride, int blocks, int length)
    {
        if (from.Type == ElementType.Float32) Copy<float>(from.Values<float>(), to.Values<float>());
        else Copy<double>(from.Values<double>(), to.Values<double>());

        void Copy<T>(ReadOnlySpan<T> source, Span<T> target)
        {
            for (var i = 0; i < blocks; i++)
                source.Slice(fromStart + (i * fromStride), length).CopyTo(target.Slice(toStart + (i * toStride), length));
        }
    }

    private static void Permute<T>(ReadOnlySpan<int> shape, ReadOnlySpan<int> order, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged
    {
        // Trailing axes that stay in place move as one block.
        var fixedFrom = order.Length;
        while (fixedFrom > 0 && order[fixedFrom - 1] == fixedFrom - 1) fixedFrom--;
        var block = ShapeText.Count(shape[fixedFrom..]);
        if (y.IsEmpty) return;
        Span<int> strides = stackalloc int[fixedFrom];
        var stride = block;
        Span<int> sourceStrides = stackalloc int[fixedFrom];
        for (var i = fixedFrom - 1; i >= 0; i--)
        {
            sourceStrides[i] = stride;
            stride *= shape[i];
        }

        for (var i = 0; i < fixedFrom; i++) strides[i] = sourceStrides[order[i]];
        Span<int> index = stackalloc int[fixedFrom];
        index.Clear();
        var from = 0;
        for (var to = 0; to < y.Length; to += block)
        {
            x.Slice(from, block).CopyTo(y.Slice(to, block));
            for (var axis = fixedFrom - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < shape[order[axis]]) break;
                from -= strides[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }

    private static void GatherRows<T>(ReadOnlySpan<T> x, ReadOnlySpan<int> indices, int width, Span<T> y)
    {
        for (var i = 0; i < indices.Length; i++) x.Slice(indices[i] * width, width).CopyTo(y.Slice(i * width, width));
    }

    private static void ScatterRows<T>(ReadOnlySpan<T> x, ReadOnlySpan<int> indices, int width, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < indices.Length; i++) Kernels.AddScaled(x.Slice(i * width, width), T.One, y.Slice(indices[i] * width, width));
    }
}
