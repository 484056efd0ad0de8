// Gemm against the definition in float64: every small shape with its tails, all stride patterns that the layers use, and sizes that cross
// each blocking limit. What lies around c must stay untouched.

using Ditar.Simd;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class GemmTests
{
    private const float Untouched = -12345.5f;

    public static TheoryData<Layout> Layouts => new(Enum.GetValues<Layout>());

    public enum Layout
    {
        Plain,
        TransposedA,
        TransposedB,
        TransposedBoth,
        OverlappingRows,
        WideRows,
        NoUnitStride,
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Small_shapes_equal_the_definition(Layout layout)
    {
        int[] ms = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 23, 25];
        int[] ns = [1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65, 129];
        int[] ks = [1, 2, 5, 15, 16, 17, 33, 64, 67];
        foreach (var m in ms)
        {
            foreach (var n in ns)
            {
                foreach (var k in ks)
                    Check(layout, m, n, k, accumulate: (m + n + k) % 2 == 0, pool: null);
            }
        }
    }

    [Theory]
    [InlineData(Layout.Plain, 600, 192, 192)]
    [InlineData(Layout.TransposedB, 253, 520, 130)]
    [InlineData(Layout.TransposedA, 245, 33, 1100)]
    [InlineData(Layout.Plain, 17, 1030, 515)]
    [InlineData(Layout.Plain, 25, 1100, 40)]
    [InlineData(Layout.WideRows, 13, 520, 77)]
    [InlineData(Layout.OverlappingRows, 30, 513, 35)]
    [InlineData(Layout.OverlappingRows, 700, 24, 33)]
    [InlineData(Layout.TransposedB, 1, 1024, 1024)]
    [InlineData(Layout.Plain, 1024, 1, 1000)]
    public void Large_shapes_equal_the_definition(Layout layout, int m, int n, int k)
    {
        Check(layout, m, n, k, accumulate: false, pool: null);
        Check(layout, m, n, k, accumulate: true, pool: null);
    }

    [Theory]
    [InlineData(600, 192, 192)]
    [InlineData(31, 1031, 600)]
    [InlineData(1, 2048, 300)]
    [InlineData(2049, 1, 300)]
    [InlineData(100, 100, 100)]
    public void The_number_of_threads_does_not_change_a_bit(int m, int n, int k)
    {
        var one = Check(Layout.Plain, m, n, k, accumulate: true, pool: null);
        foreach (var size in new[] { 2, 3, 7 })
        {
            using var pool = new WorkerPool(size);
            Assert.Equal(one, Check(Layout.Plain, m, n, k, accumulate: true, pool));
        }
    }

    [Fact]
    public void An_empty_sum_clears_or_keeps()
    {
        var c = new float[] { 1, 2, 3, 4, 5, 6 };
        Gemm.Multiply(2, 2, 0, [], 0, 1, [], 2, 1, c, 3, accumulate: true);
        Assert.Equal([1, 2, 3, 4, 5, 6], c);
        Gemm.Multiply(2, 2, 0, [], 0, 1, [], 2, 1, c, 3, accumulate: false);
        Assert.Equal([0, 0, 3, 0, 0, 6], c);
        Gemm.Multiply(0, 2, 3, [], 3, 1, new float[6], 2, 1, [], 2, accumulate: false);
        Gemm.Multiply(2, 0, 3, new float[6], 3, 1, [], 0, 1, [], 0, accumulate: false);
    }

    [Fact]
    public void Spans_that_are_too_short_are_refused()
    {
        Assert.Throws<ArgumentException>("a", () => Gemm.Multiply(2, 2, 3, new float[5], 3, 1, new float[6], 2, 1, new float[4], 2, false));
        Assert.Throws<ArgumentException>("b", () => Gemm.Multiply(2, 2, 3, new float[6], 3, 1, new float[5], 2, 1, new float[4], 2, false));
        Assert.Throws<ArgumentException>("c", () => Gemm.Multiply(2, 2, 3, new float[6], 3, 1, new float[6], 2, 1, new float[3], 2, false));
        Assert.Throws<ArgumentException>("a", () => Gemm.Multiply(2, 2, 3, new float[6], -3, 1, new float[6], 2, 1, new float[4], 2, false));
        Assert.Throws<ArgumentException>("cRowStride", () => Gemm.Multiply(2, 2, 3, new float[6], 3, 1, new float[6], 2, 1, new float[4], 1, false));
        Assert.Throws<ArgumentException>(
            "a", () => Gemm.Multiply(int.MaxValue, 2, 2, new float[6], int.MaxValue, 1, new float[6], 2, 1, new float[4], 2, false));
    }

    [Fact]
    public void NaN_and_infinity_propagate()
    {
        var a = new float[13 * 40];
        a.AsSpan().Fill(1);
        a[(3 * 40) + 7] = float.NaN;
        a[(4 * 40) + 39] = float.PositiveInfinity;
        var b = new float[40 * 35];
        b.AsSpan().Fill(1);
        var c = new float[13 * 35];
        Gemm.Multiply(13, 35, 40, a, 40, 1, b, 35, 1, c, 35, accumulate: false);
        for (var i = 0; i < c.Length; i++)
            Assert.Equal((i / 35) switch { 3 => float.NaN, 4 => float.PositiveInfinity, _ => 40f }, c[i]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Batches_equal_single_products(bool sharedB)
    {
        const int Batch = 5, M = 9, N = 18, K = 64;
        var random = new Random(7);
        var a = Values(random, Batch * M * K);
        var b = Values(random, (sharedB ? 1 : Batch) * K * N);
        var c = new float[Batch * M * N];
        Gemm.MultiplyBatched(Batch, M, N, K, a, M * K, K, 1, b, sharedB ? 0 : K * N, N, 1, c, M * N, N, accumulate: false);
        for (var i = 0; i < Batch; i++)
        {
            var one = new float[M * N];
            Gemm.Multiply(M, N, K, a.AsSpan(i * M * K), K, 1, b.AsSpan(sharedB ? 0 : i * K * N), N, 1, one, N, accumulate: false);
            Assert.Equal(one, c[(i * M * N)..((i + 1) * M * N)]);
        }
    }

    [Fact]
    public void A_product_allocates_nothing_after_the_first()
    {
        using var pool = new WorkerPool(2);
        var (a, b, c) = (new float[300 * 300], new float[300 * 300], new float[300 * 300]);
        void Run() => Gemm.Multiply(300, 300, 300, a, 300, 1, b, 300, 1, c, 300, false, pool);
        Run();
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_tolerance_finds_a_dropped_term()
    {
        const int M = 3, N = 40, K = 1100;
        var random = new Random(3);
        var (a, b) = (Values(random, M * K), Values(random, K * N));
        var c = new float[M * N];
        Gemm.Multiply(M, N, K - 1, a, K, 1, b, N, 1, c, N, accumulate: false);
        var (expected, magnitudes) = Define(M, N, K, a, K, 1, b, N, 1, new float[M * N], N);
        Assert.NotNull(Comparer.Difference(expected, c, i => Tolerances.Sum(K, magnitudes[i])));
    }

    private static float[] Check(Layout layout, int m, int n, int k, bool accumulate, WorkerPool? pool)
    {
        var (aRow, aColumn) = layout switch
        {
            Layout.TransposedA or Layout.TransposedBoth => (1, m),
            Layout.OverlappingRows => ((k + 1) / 2, 1),
            Layout.WideRows => (k + 5, 1),
            Layout.NoUnitStride => ((2 * k) + 1, 2),
            _ => (k, 1),
        };
        var (bRow, bColumn) = layout switch
        {
            Layout.TransposedB or Layout.TransposedBoth or Layout.OverlappingRows => (1, k),
            Layout.WideRows => (n + 3, 1),
            Layout.NoUnitStride => (3, (3 * k) + 2),
            _ => (n, 1),
        };
        const int Margin = 3; // also makes the starts odd
        var cRow = layout == Layout.WideRows ? n + 7 : n;
        var random = new Random((m * 7919) + (n * 31) + k);
        var a = Values(random, Margin + ((m - 1) * aRow) + ((k - 1) * aColumn) + 1);
        var b = Values(random, Margin + ((k - 1) * bRow) + ((n - 1) * bColumn) + 1);
        var memory = new float[Margin + ((m - 1) * cRow) + n + 40];
        memory.AsSpan().Fill(Untouched);
        var c = memory.AsSpan(Margin, ((m - 1) * cRow) + n);
        for (var i = 0; i < m; i++)
            Values(random, n).CopyTo(c.Slice(i * cRow, n));
        var before = accumulate ? c.ToArray() : new float[c.Length];

        Gemm.Multiply(m, n, k, a.AsSpan(Margin), aRow, aColumn, b.AsSpan(Margin), bRow, bColumn, c, cRow, accumulate, pool);

        var (expected, magnitudes) = Define(m, n, k, a.AsSpan(Margin), aRow, aColumn, b.AsSpan(Margin), bRow, bColumn, before, cRow);
        var actual = new float[m * n];
        for (var i = 0; i < memory.Length; i++)
        {
            var at = i - Margin;
            var inside = at >= 0 && at < c.Length && at % cRow < n;
            if (inside)
                actual[(at / cRow * n) + (at % cRow)] = memory[i];
            else
                Assert.Equal(Untouched, memory[i]);
        }

        Comparer.Equal(expected, actual, i => Tolerances.Sum(k, magnitudes[i]), $"{layout} {m} x {n} x {k}, accumulate {accumulate}");
        return actual;
    }

    private static (double[] Values, double[] Magnitudes) Define(
        int m, int n, int k, ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, int bRow, int bColumn, ReadOnlySpan<float> c, int cRow)
    {
        var values = new double[m * n];
        var magnitudes = new double[m * n];
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                double sum = c[(i * cRow) + j], magnitude = Math.Abs(sum);
                for (var p = 0; p < k; p++)
                {
                    var term = (double)a[(i * aRow) + (p * aColumn)] * b[(p * bRow) + (j * bColumn)];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                values[(i * n) + j] = sum;
                magnitudes[(i * n) + j] = magnitude;
            }
        }

        return (values, magnitudes);
    }

    private static float[] Values(Random random, int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (random.NextSingle() * 2) - 1;
        return values;
    }
}
