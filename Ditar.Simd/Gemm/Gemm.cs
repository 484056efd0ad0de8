// Matrix products: the public entry, argument checks, and the choice between the blocked product and the vector paths.
// How it is computed is in GemmBlocks (loops), GemmTile (registers), GemmPack (order in memory) and Gemv (one row or one column).

using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>Float32 matrix products on strided operands.</summary>
public static unsafe class Gemm
{
    // Below this many multiply-adds a product takes about as long as waking a thread.
    private const long LeastWorkPerThread = 1 << 17;

    // Splits fall on multiples of every width's tile: 12 or 6 rows, 32, 16 or 8 columns.
    private const int RowGrain = 12, ColumnGrain = 32;

    /// <summary>c = (accumulate ? c : 0) + a b.</summary>
    /// <param name="m">Rows of a and c; 0 does nothing.</param>
    /// <param name="n">Columns of b and c; 0 does nothing.</param>
    /// <param name="k">Columns of a, rows of b; 0 gives zeros (or leaves c, if accumulating).</param>
    /// <param name="a">[m, k]: element (i, p) at i * aRowStride + p * aColumnStride. Rows may overlap (a sliding window).</param>
    /// <param name="aRowStride">Elements between rows of a.</param>
    /// <param name="aColumnStride">Elements between columns of a; fastest when this or the row stride is 1.</param>
    /// <param name="b">[k, n]: element (p, j) at p * bRowStride + j * bColumnStride.</param>
    /// <param name="bRowStride">Elements between rows of b.</param>
    /// <param name="bColumnStride">Elements between columns of b.</param>
    /// <param name="c">[m, n]: element (i, j) at i * cRowStride + j. Must not overlap a or b.</param>
    /// <param name="cRowStride">Elements between rows of c, at least n.</param>
    /// <param name="accumulate">Whether to add to c.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The result has the same bits either way.</param>
    /// <exception cref="ArgumentException">A size or stride is negative, or a span is too short for its strides.</exception>
    /// <remarks>NaN and infinity propagate as in the sums they stand for. The vector width may change the last bits.</remarks>
    public static void Multiply(
        int m, int n, int k, ReadOnlySpan<float> a, int aRowStride, int aColumnStride, ReadOnlySpan<float> b, int bRowStride, int bColumnStride,
        Span<float> c, int cRowStride, bool accumulate, WorkerPool? pool = null)
    {
        CheckOperand(m, k, a.Length, aRowStride, aColumnStride, nameof(a));
        CheckOperand(k, n, b.Length, bRowStride, bColumnStride, nameof(b));
        CheckOperand(m, n, c.Length, cRowStride, 1, nameof(c));
        if (m > 1 && cRowStride < n)
            throw new ArgumentException($"Rows of c overlap: n is {n}, the row stride {cRowStride}.", nameof(cRowStride));
        if (m == 0 || n == 0)
            return;
        if (k == 0)
        {
            for (var i = 0; i < m && !accumulate; i++)
                c.Slice(i * cRowStride, n).Clear();
            return;
        }

        fixed (float* pa = a, pb = b, pc = c)
        {
            var product = new GemmOperands
            {
                M = m,
                N = n,
                K = k,
                A = pa,
                B = pb,
                C = pc,
                Accumulate = accumulate,
                ARowStride = aRowStride,
                AColumnStride = aColumnStride,
                BRowStride = bRowStride,
                BColumnStride = bColumnStride,
                CRowStride = cRowStride,
            };
            Multiply(in product, pool);
        }
    }

    private static void CheckOperand(int rows, int columns, int length, int rowStride, int columnStride, string name)
    {
        if (rows < 0 || columns < 0 || rowStride < 0 || columnStride < 0)
            throw new ArgumentException($"{name} is [{rows}, {columns}] with strides [{rowStride}, {columnStride}]: none may be negative.", name);
        var needed = rows == 0 || columns == 0 ? 0 : (((long)rows - 1) * rowStride) + (((long)columns - 1) * columnStride) + 1;
        if (length < needed)
        {
            throw new ArgumentException(
                $"{name} as [{rows}, {columns}] with strides [{rowStride}, {columnStride}] needs {needed} elements, the span has {length}.", name);
        }
    }

    /// <summary>The same product for <paramref name="batch"/> triples of matrices at equal distances.</summary>
    /// <param name="batch">How many products; 0 does nothing.</param>
    /// <param name="aBatchStride">Elements between consecutive a; 0 shares one.</param>
    /// <param name="bBatchStride">Elements between consecutive b; 0 shares one.</param>
    /// <param name="cBatchStride">Elements between consecutive c, which must not overlap.</param>
    /// <remarks>The other parameters, and the exceptions, are those of <c>Multiply</c>.</remarks>
    public static void MultiplyBatched(
        int batch, int m, int n, int k, ReadOnlySpan<float> a, int aBatchStride, int aRowStride, int aColumnStride,
        ReadOnlySpan<float> b, int bBatchStride, int bRowStride, int bColumnStride,
        Span<float> c, int cBatchStride, int cRowStride, bool accumulate, WorkerPool? pool = null)
    {
        if (batch < 0 || aBatchStride < 0 || bBatchStride < 0 || cBatchStride < 0)
        {
            throw new ArgumentException(
                $"batch {batch} with strides {aBatchStride}, {bBatchStride}, {cBatchStride}: none may be negative.", nameof(batch));
        }

        // One b for all, and the rows of a and c run on from batch to batch: that is a single taller product.
        if (bBatchStride == 0 && (long)m * batch <= int.MaxValue && aBatchStride == (long)m * aRowStride && cBatchStride == (long)m * cRowStride)
        {
            Multiply(m * batch, n, k, a, aRowStride, aColumnStride, b, bRowStride, bColumnStride, c, cRowStride, accumulate, pool);
            return;
        }

        for (var i = 0; i < batch; i++)
        {
            Multiply(
                m, n, k, From(a, i, aBatchStride, nameof(a)), aRowStride, aColumnStride, From(b, i, bBatchStride, nameof(b)), bRowStride, bColumnStride,
                From(c, i, cBatchStride, nameof(c)), cRowStride, accumulate, pool);
        }
    }

    private static Span<float> From(Span<float> c, int index, int batchStride, string name) => c[Start(c.Length, index, batchStride, name)..];

    private static ReadOnlySpan<float> From(ReadOnlySpan<float> x, int index, int batchStride, string name) =>
        x[Start(x.Length, index, batchStride, name)..];

    private static int Start(int length, int index, int batchStride, string name)
    {
        var start = (long)index * batchStride;
        if (start > length)
            throw new ArgumentException($"Matrix {index} of {name} starts at {start}, the span has {length} elements.", name);
        return (int)start;
    }

    private static void Multiply(in GemmOperands product, WorkerPool? pool)
    {
        // The form is chosen from the whole product, so that a split cannot change it.
        var form = Form.Blocked;
        if (product.M == 1 && product.BRowStride == 1 && product.AColumnStride == 1)
            form = Form.DotsWithB;
        else if (product.N == 1 && product.AColumnStride == 1 && product.BRowStride == 1)
            form = Form.DotsWithA;
        else if (product.M == 1 && product.BColumnStride == 1)
            form = Form.ScaledRowsOfB;
        var parts = Math.Min(pool?.Size ?? 1, (long)product.M * product.N * product.K / LeastWorkPerThread);
        if (parts <= 1)
            OnThisThread(in product, form);
        else
            pool!.Run((int)parts, new SplitProduct(product, form, (int)parts));
    }

    private static void OnThisThread(in GemmOperands product, Form form)
    {
        if (Vector512.IsHardwareAccelerated)
            OnThisThread<Width512, Vector512<float>>(in product, form);
        else if (Vector256.IsHardwareAccelerated)
            OnThisThread<Width256, Vector256<float>>(in product, form);
        else
            OnThisThread<Width128, Vector128<float>>(in product, form);
    }

    private static void OnThisThread<TWidth, TVector>(in GemmOperands p, Form form)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        switch (form)
        {
            case Form.DotsWithB:
                Gemv.Dots<TWidth, TVector>(p.N, p.K, p.B, p.BColumnStride, p.A, p.C, 1, p.Accumulate);
                break;
            case Form.DotsWithA:
                Gemv.Dots<TWidth, TVector>(p.M, p.K, p.A, p.ARowStride, p.B, p.C, p.CRowStride, p.Accumulate);
                break;
            case Form.ScaledRowsOfB:
                Gemv.ScaledRows<TWidth, TVector>(p.N, p.K, p.B, p.BRowStride, p.A, p.AColumnStride, p.C, p.Accumulate);
                break;
            default:
                GemmBlocks.Multiply<TWidth, TVector>(in p);
                break;
        }
    }

    private enum Form
    {
        Blocked,
        DotsWithA,
        DotsWithB,
        ScaledRowsOfB,
    }

    /// <summary>Equal runs of rows (or of columns, when those are longer), each an independent product.</summary>
    private readonly struct SplitProduct(GemmOperands product, Form form, int parts) : IParallelWork
    {
        public void Invoke(int part)
        {
            var byRows = product.M >= product.N;
            var (from, to) = Range(byRows ? product.M : product.N, byRows ? RowGrain : ColumnGrain, part);
            if (from < to)
                OnThisThread(byRows ? product.Part(from, to - from, 0, product.N) : product.Part(0, product.M, from, to - from), form);
        }

        private (int From, int To) Range(int length, int grain, int part)
        {
            var grains = ((long)length + grain - 1) / grain;
            return ((int)Math.Min(grains * part / parts * grain, length), (int)Math.Min(grains * (part + 1) / parts * grain, length));
        }
    }
}
