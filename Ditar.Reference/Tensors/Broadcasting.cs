// Turns a broadcast over any number of axes into calls of the two-axis kernel: neighbouring axes that both operands walk the same way are merged,
// the two innermost that remain go to the kernel, the outer ones are looped over here.

using System.Numerics;
using Ditar.Reference.Kernels;

namespace Ditar.Reference;

internal static class Broadcasting
{
    public static void Run<T>(BinaryOperation operation, Tensor a, Tensor b, Tensor y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (y.Count == 0) return;
        Span<Axis> axes = stackalloc Axis[Math.Max(2, y.Rank + 2)];
        var count = Merge(a.Shape, b.Shape, y.Shape, axes);
        var inner = axes[0];
        var outer = axes[1];
        var kernel = new BroadcastShape(outer.Extent, inner.Extent, outer.A, inner.A, outer.B, inner.B);
        Loop<T>(operation, kernel, axes[2..count], a.Values<T>(), b.Values<T>(), y.Values<T>());
    }

    private static void Loop<T>(BinaryOperation operation, in BroadcastShape kernel, ReadOnlySpan<Axis> outer, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (outer.IsEmpty)
        {
            KernelSet.Current.Binary(operation, kernel, a, b, y);
            return;
        }

        var block = y.Length / outer[^1].Extent;
        for (var i = 0; i < outer[^1].Extent; i++)
            Loop(operation, kernel, outer[..^1], a[(i * outer[^1].A)..], b[(i * outer[^1].B)..], y.Slice(i * block, block));
    }

    // Innermost axis first. Returns at least two axes (padded with extent 1).
    private static int Merge(ReadOnlySpan<int> a, ReadOnlySpan<int> b, ReadOnlySpan<int> y, Span<Axis> axes)
    {
        var count = 0;
        int aStride = 1, bStride = 1;
        for (var i = 1; i <= y.Length; i++)
        {
            var aExtent = i <= a.Length ? a[^i] : 1;
            var bExtent = i <= b.Length ? b[^i] : 1;
            if (y[^i] == 1) continue;
            var axis = new Axis(y[^i], aExtent == 1 ? 0 : aStride, bExtent == 1 ? 0 : bStride);
            aStride *= aExtent;
            bStride *= bExtent;
            if (count > 0 && Continues(axes[count - 1], axis)) axes[count - 1] = axes[count - 1] with { Extent = axes[count - 1].Extent * axis.Extent };
            else axes[count++] = axis;
        }

        while (count < 2) axes[count++] = new Axis(1, 0, 0);
        return count;
    }

    private static bool Continues(Axis inner, Axis outer) => outer.A == inner.A * inner.Extent && outer.B == inner.B * inner.Extent;

    private readonly record struct Axis(int Extent, int A, int B);
}
