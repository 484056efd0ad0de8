// Matrix products at the sizes that training and inference use, beside the peaks of the same run.

using Ditar.Simd;

namespace Ditar.Bench;

internal static class GemmTable
{
    private enum Form
    {
        /// <summary>y = x W^T with W [n, k].</summary>
        Forward,

        /// <summary>dX = dY W with W [k, n].</summary>
        Input,

        /// <summary>dW += dY^T X: both operands have k as rows.</summary>
        Weight,

        /// <summary>y = conv(x): rows of x overlap by half.</summary>
        Window,
    }

    public static void Print(Peaks peaks, WorkerPool pool, bool withGemm)
    {
        var rows = new List<(string Name, double Work, string Unit, double Peak, Action Run)>();
        rows.Add(("FMA peak, 1 thread", Peaks.FlopPerCall(1), "GFLOP/s", 0, () => peaks.Flop(1)));
        rows.Add(("FMA peak, 2 threads", Peaks.FlopPerCall(2), "GFLOP/s", 0, () => peaks.Flop(2)));
        rows.Add(("read, 1 thread", Peaks.BytesPerCall, "GB/s", 0, () => peaks.Read(1)));
        rows.Add(("read, 2 threads", Peaks.BytesPerCall, "GB/s", 0, () => peaks.Read(2)));
        if (withGemm)
        {
            AddProduct(rows, Form.Input, 1024, 1024, 1024, null);
            AddProduct(rows, Form.Input, 1024, 1024, 1024, pool);
            foreach (var (m, n, k) in new[] { (600, 192, 192), (1320, 768, 192), (1320, 192, 768), (5000, 512, 128), (5000, 128, 512), (9600, 384, 384) })
                AddProduct(rows, Form.Forward, m, n, k, null);
            foreach (var (m, n, k) in new[] { (1320, 192, 768), (5000, 512, 128), (5000, 128, 512) })
                AddProduct(rows, Form.Input, m, n, k, null);
            foreach (var (m, n, k) in new[] { (192, 768, 1320), (512, 128, 5000), (576, 192, 9600) })
                AddProduct(rows, Form.Weight, m, n, k, null);
            foreach (var (m, n, k) in new[] { (50000, 24, 24), (30000, 48, 264), (6000, 96, 528), (6000, 402, 192) })
                AddProduct(rows, Form.Window, m, n, k, null);
            foreach (var (m, n, k) in new[] { (2, 512, 512), (9, 512, 128), (16, 768, 192) })
                AddProduct(rows, Form.Forward, m, n, k, null);
            AddVector(rows, 2, 4096, 6144, null);
            AddVector(rows, 3, 4096, 6144, pool);
            AddVector(rows, 2, 768, 192, null);
        }

        var timings = Stopwatches.Time(25, 0.004, [.. rows.Select(r => r.Run)]);
        Console.WriteLine($"{Peaks.WidthBits}-bit vectors, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
        Console.WriteLine($"{"",-38} {"best",10} {"median",10} {"",-8} {"% of peak",9} {"bytes",6}");
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var best = row.Work / timings[i].Least / 1e9;
            var peakRow = (int)row.Peak;
            var share = i < 4 ? "" : $"{100 * best / (rows[peakRow].Work / timings[peakRow].Least / 1e9):0}";
            Console.WriteLine($"{row.Name,-38} {best,10:0.0} {row.Work / timings[i].Median / 1e9,10:0.0} {row.Unit,-8} {share,9} {timings[i].AllocatedBytes,6}");
        }
    }

    private static void AddProduct(
        List<(string Name, double Work, string Unit, double Peak, Action Run)> rows, Form form, int m, int n, int k, WorkerPool? pool)
    {
        var random = new Random(1);
        var hop = form == Form.Window ? (k + 1) / 2 : k;
        var a = Values(random, (m * Math.Max(hop, 1)) + k);
        var b = Values(random, n * k);
        var c = new float[m * n];
        var (aRow, aColumn) = form == Form.Weight ? (1, m) : (hop, 1);
        var (bRow, bColumn) = form is Form.Forward or Form.Window ? (1, k) : (n, 1);
        var name = form switch
        {
            Form.Forward => "x W^T",
            Form.Input => "dY W",
            Form.Weight => "dY^T X",
            _ => "window",
        };
        rows.Add((
            $"{name} {m} x {n} x {k}{(pool is null ? "" : ", 2 threads")}", 2.0 * m * n * k, "GFLOP/s", pool is null ? 0 : 1,
            () => Gemm.Multiply(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, n, form == Form.Weight, pool)));
    }

    // y = W x with W [n, k]: what counts is how fast W is read. The large one is beyond every cache.
    private static void AddVector(
        List<(string Name, double Work, string Unit, double Peak, Action Run)> rows, int peakRow, int n, int k, WorkerPool? pool)
    {
        var random = new Random(1);
        var (w, x, y) = (Values(random, n * k), Values(random, k), new float[n]);
        rows.Add((
            $"W x, W [{n}, {k}]{(pool is null ? "" : ", 2 threads")}", (double)n * k * sizeof(float), "GB/s", peakRow,
            () => Gemm.Multiply(1, n, k, x, k, 1, w, 1, k, y, n, false, pool)));
    }

    private static float[] Values(Random random, int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = random.NextSingle() - 0.5f;
        return values;
    }
}
