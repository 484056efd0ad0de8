// Products with few rows and packed weights, as this family of models runs them: single products that fit a cache, a chain of gated feed-forward
// blocks that does not, and products with one row that only memory limits. In every format, beside the peaks of the same run.

using Ditar.Simd;

namespace Ditar.Bench;

internal sealed unsafe class SkinnyTable : IDisposable
{
    private const int Model = 1024, Hidden = 4096, Blocks = 5;

    /// <summary>A line of the table.</summary>
    private sealed record Row(string Name, double Flop, double Bytes, int Threads, Action Run);

    private readonly List<IDisposable> _held = [];
    private readonly List<Row> _rows = [];

    public static void Print(Peaks peaks, WorkerPool pool)
    {
        using var table = new SkinnyTable();
        foreach (var format in Enum.GetValues<WeightFormat>())
        {
            foreach (var m in new[] { 1, 5, 10, 18, 22 })
            {
                table.AddProduct(m, Model, Hidden, format, null);
                table.AddProduct(m, Model, Hidden, format, pool);
                table.AddProduct(m, Hidden, Model, format, pool);
            }

            table.AddProduct(1, 4096, 16384, format, null);
            table.AddProduct(1, 4096, 16384, format, pool);
            foreach (var m in new[] { 10, 18 })
                table.AddChain(m, format, pool);
        }

        table.Measure(peaks, pool);
    }

    public void Dispose() => _held.ForEach(each => each.Dispose());

    private static float[] Values(int length)
    {
        var random = new Random(1);
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (random.NextSingle() - 0.5f) / 16;
        return values;
    }

    private void AddProduct(int m, int k, int n, WeightFormat format, WorkerPool? pool)
    {
        var matrix = Hold(PackedMatrix.Pack(n, k, Values(n * k), format));
        var x = Floats(m * k);
        var y = Floats(m * n);
        var memory = Hold(new NativeBuffer(PreparedRows.BytesFor(m, k, format)));
        _rows.Add(new Row($"{m} x {k} x {n}, {format}", 2.0 * m * k * n, matrix.Bytes, pool?.Size ?? 1, () =>
        {
            var rows = PreparedRows.Make(m, k, x, k, format, memory.Pointer, pool);
            matrix.Multiply(in rows, default, y, n, pool);
        }));
    }

    // x += down(silu(gate(norm(x))) * up(norm(x))) five times over, each with its own weights.
    private void AddChain(int m, WeightFormat format, WorkerPool pool)
    {
        var source = Values(Model * Hidden);
        var gated = Enumerable.Range(0, Blocks).Select(_ => Hold(PackedMatrix.PackGated(Hidden, Model, source, source, format))).ToArray();
        var down = Enumerable.Range(0, Blocks).Select(_ => Hold(PackedMatrix.Pack(Model, Hidden, source, format))).ToArray();
        var x = Floats(m * Model);
        var hidden = Floats(m * Hidden);
        var gain = Floats(Model);
        var memory = Hold(new NativeBuffer(PreparedRows.BytesFor(m, Hidden, format)));
        var bytes = gated.Concat(down).Sum(matrix => (double)matrix.Bytes);
        _rows.Add(new Row($"chain of {Blocks} x {Model}-{Hidden}, {m} rows, {format}", 6.0 * m * Model * Hidden * Blocks, bytes, pool.Size, () =>
        {
            for (var i = 0; i < Blocks; i++)
            {
                var rows = PreparedRows.MakeNormalized(m, Model, x, Model, gain, 1e-5f, format, memory.Pointer, pool);
                gated[i].Multiply(in rows, default, hidden, Hidden, pool);
                rows = PreparedRows.Make(m, Hidden, hidden, Hidden, format, memory.Pointer, pool);
                down[i].Multiply(in rows, new Epilogue { Residual = x, ResidualRowStride = Model, Scale = 0.01f }, x, Model, pool);
            }
        }));
    }

    private void Measure(Peaks peaks, WorkerPool pool)
    {
        var limits = new[] { 1, pool.Size }.SelectMany(threads => peaks.FedFlop(threads)).ToArray();
        var reads = new[] { 1, pool.Size }.SelectMany(threads => peaks.Read(threads)).ToArray();
        var timings = Stopwatches.Time(9, 0.004, [.. limits, .. reads, .. _rows.Select(row => row.Run)]);
        double Least(int from, int count) => timings.Skip(from).Take(count).Min(timing => timing.Least);
        var (copies, ways) = (limits.Length / 2, reads.Length / 2);
        double[] flops = [Peaks.FlopPerCall(1) / Least(0, copies), Peaks.FlopPerCall(pool.Size) / Least(copies, copies)];
        double[] bytes = [Peaks.BytesPerCall / Least(limits.Length, ways), Peaks.BytesPerCall / Least(limits.Length + ways, ways)];
        Console.WriteLine($"{Peaks.WidthBits}-bit vectors, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
        for (var i = 0; i < 2; i++)
            Console.WriteLine($"{(i == 0 ? 1 : pool.Size)} threads: {flops[i] / 1e9:0.0} GFLOP/s fed from L1, {bytes[i] / 1e9:0.0} GB/s read");
        Console.WriteLine($"{"",-46} {"threads",7} {"us",9} {"median",9} {"GFLOP/s",8} {"%",4} {"GB/s",6} {"%",4} {"bytes",6}");
        for (var i = 0; i < _rows.Count; i++)
        {
            var (row, timing) = (_rows[i], timings[limits.Length + reads.Length + i]);
            var (flop, read) = (row.Flop / timing.Least, row.Bytes / timing.Least);
            var limit = row.Threads == 1 ? 0 : 1;
            Console.WriteLine(
                $"{row.Name,-46} {row.Threads,7} {timing.Least * 1e6,9:0.0} {timing.Median * 1e6,9:0.0} {flop / 1e9,8:0.0} {100 * flop / flops[limit],4:0} {read / 1e9,6:0.0} {100 * read / bytes[limit],4:0} {timing.AllocatedBytes,6}");
        }
    }

    private float* Floats(int length)
    {
        var buffer = Hold(new NativeBuffer((nuint)length * sizeof(float)));
        Values(length).CopyTo(new Span<float>(buffer.Floats, length));
        return buffer.Floats;
    }

    private T Hold<T>(T each)
        where T : IDisposable
    {
        _held.Add(each);
        return each;
    }
}
