// The fast float32 set for the kernel seam. Double, and whatever has no fast form yet, runs on the plain definitions it derives from.
// One thread per call: training runs one replica per core. A pool can be given for single-stream use.

using System.Numerics;
using System.Runtime.InteropServices;
using Ditar.Reference.Kernels;

namespace Ditar.Simd;

/// <summary>Kernels on 512-, 256- or 128-bit vectors. Thread-safe; the pool, if any, does not change results.</summary>
/// <param name="pool">Threads for large products, null for the calling thread alone.</param>
public sealed partial class SimdKernels(WorkerPool? pool = null) : PlainKernels
{
    public override string Name => "simd";

    public override void MatMul<T>(in MatMulShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
    {
        if (typeof(T) != typeof(float))
        {
            base.MatMul(in s, a, b, c);
            return;
        }

        Gemm.MultiplyBatched(
            s.Batch, s.M, s.N, s.K, Floats(a), s.ABatchStride, s.ARowStride, s.AColumnStride, Floats(b), s.BBatchStride, s.BRowStride, s.BColumnStride,
            Floats(c), s.CBatchStride, s.CRowStride, s.Accumulate, pool);
    }

    private static ReadOnlySpan<float> Floats<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => MemoryMarshal.Cast<T, float>(values);

    private static Span<float> Floats<T>(Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => MemoryMarshal.Cast<T, float>(values);
}
