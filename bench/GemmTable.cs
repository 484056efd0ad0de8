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

    /// <summary>A line of the table.</summary>
    /// <param name="Work">Operations or bytes of one call.</param>
    /// <param name="Peaks">Rows that it is a share of.</param>
    /// <param name="Runs">Ways to do the work, of which the fastest counts.</param>
    private sealed record Row(string Name, double Work, string Unit, int[] Peaks, Action[] Runs);

    public static void Print(Peaks peaks, WorkerPool pool, bool withGemm)
    {
        var rows = new List<Row>();
        for (var threads = 1; threads <= 2; threads++)
            rows.Add(new Row($"FMA peak, {Threads(threads)}", Peaks.FlopPerCall(threads), "GFLOP/s", [], peaks.Flop(threads)));
        for (var threads = 1; threads <= 2; threads++)
            rows.Add(new Row($"FMA fed from L1, {Threads(threads)}", Peaks.FlopPerCall(threads), "GFLOP/s", [threads - 1], peaks.FedFlop(threads)));
        for (var threads = 1; threads <= 2; threads++)
            rows.Add(new Row($"read, {Threads(threads)}", Peaks.BytesPerCall, "GB/s", [], peaks.Read(threads)));
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
            AddVector(rows, peaks.Buffer, Peaks.VectorRows, Peaks.VectorColumns, null);
            AddVector(rows, peaks.Buffer, Peaks.VectorRows, Peaks.VectorColumns, pool);
            AddVector(rows, peaks.Buffer, 768, 192, null);
        }

        var timings = new Queue<Timing>(Stopwatches.Time(25, 0.004, [.. rows.SelectMany(row => row.Runs)]));
        var measured = rows.Select(row => row.Runs.Select(_ => timings.Dequeue()).MinBy(timing => timing.Least)).ToArray();
        double Best(int i) => rows[i].Work / measured[i].Least / 1e9;
        Console.WriteLine($"{Peaks.WidthBits}-bit vectors, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
        Console.WriteLine($"{"",-38} {"best",10} {"median",10} {"",-8} {"% of peak",9} {"% of fed",9} {"bytes",6}");
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var shares = row.Peaks.Select(peak => $"{100 * Best(i) / Best(peak):0}").Concat(["", ""]).ToArray();
            Console.WriteLine(
                $"{row.Name,-38} {Best(i),10:0.0} {row.Work / measured[i].Median / 1e9,10:0.0} {row.Unit,-8} {shares[0],9} {shares[1],9} {measured[i].AllocatedBytes,6}");
        }
    }

    private static string Threads(int threads) => threads == 1 ? "1 thread" : $"{threads} threads";

    private static void AddProduct(List<Row> rows, Form form, int m, int n, int k, WorkerPool? pool)
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
        rows.Add(new Row(
            $"{name} {m} x {n} x {k}{(pool is null ? "" : ", 2 threads")}", 2.0 * m * n * k, "GFLOP/s", pool is null ? [0, 2] : [1, 3],
            [() => Gemm.Multiply(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, n, form == Form.Weight, pool)]));
    }

    // y = W x with W [n, k]: what counts is how fast W is read. The large one is beyond every cache, the small one shows what a cache does.
    private static void AddVector(List<Row> rows, float[] w, int n, int k, WorkerPool? pool)
    {
        var (x, y) = (Values(new Random(1), k), new float[n]);
        rows.Add(new Row(
            $"W x, W [{n}, {k}]{(pool is null ? "" : ", 2 threads")}", (double)n * k * sizeof(float), "GB/s", pool is null ? [4] : [5],
            [() => Gemm.Multiply(1, n, k, x, k, 1, w, 1, k, y, n, false, pool)]));
    }

    private static float[] Values(Random random, int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = random.NextSingle() - 0.5f;
        return values;
    }
}
