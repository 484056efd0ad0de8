// Matrix products beside ONNX Runtime's: the square one, few rows against a layer's weights, the chain of gated feed-forwards that is larger than the
// caches, and the product with a vector. Before anything is timed the two results are held against each other.

using Ditar.Onnx;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class ProductsBeside
{
    private const int Width = 1024, Hidden = 4096, Layers = 5;
    private const int VectorInputs = 4096, VectorOutputs = 16384;
    private static readonly WeightFormat[] Formats = [WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Int8];
    private static readonly string[] Names = ["float32", "bf16", "int8", "int4"];

    /// <param name="flop">Best rates of the machine at 1 and 2 threads, measured just before: FLOP/s.</param>
    /// <param name="bandwidth">As flop: bytes read per second.</param>
    public static BesideTable Run(OnnxLibrary library, WorkerPool pool, double[] flop, double[] bandwidth)
    {
        var table = new BesideTable("Matrix products");
        for (var threads = 1; threads <= 2; threads++) AddSquare(table, library, threads, threads == 1 ? null : pool, flop[threads - 1]);
        foreach (var rows in new[] { 1, 5, 10, 18, 22 })
        {
            AddSkinny(table, library, pool, rows, Width, Hidden, flop[1]);
            AddSkinny(table, library, pool, rows, Hidden, Width, flop[1]);
        }

        foreach (var rows in new[] { 10, 18 }) AddChain(table, library, pool, rows, flop[1], bandwidth[1]);
        AddVector(table, library, pool, bandwidth[1]);
        return table;
    }

    private static void AddSquare(BesideTable table, OnnxLibrary library, int threads, WorkerPool? pool, double flop)
    {
        const int N = 1024;
        var random = new Random(1);
        var (a, b, c) = (Values(random, N * N, 1), Values(random, N * N, 1 / 32f), new float[N * N]);
        using var onnx = new OnnxGraphRun(library, OnnxProducts.Product(N, N, b), a, N, threads);
        // ONNX Runtime packs a constant matrix when it loads the graph; ours is packed at every call. Theirs is [k, n] in memory as ours is here.
        var packed = new float[N * N];
        for (var i = 0; i < N; i++)
            for (var j = 0; j < N; j++) packed[(i * N) + j] = b[(j * N) + i];
        void Ours() => Gemm.Multiply(N, N, N, a, N, 1, packed, N, 1, c, N, false, pool);
        Ours();
        RequireEqual("1024^3", onnx.Output(), c, 1e-4);
        var timings = Stopwatches.Time(15, 0.1, [.. onnx.Ways, Ours]);
        var work = 2.0 * N * N * N;
        table.Add(new BesideLine($"1024^3, {Threads(threads)}", "float32", Faster(timings), timings[^1], 0.95, Share(work / timings[^1].Least, flop, "FMA")));
    }

    private static void AddSkinny(BesideTable table, OnnxLibrary library, WorkerPool pool, int rows, int inputs, int outputs, double flop)
    {
        var random = new Random(1);
        var (x, weight) = (Values(random, rows * inputs, 1), Values(random, inputs * outputs, 1 / MathF.Sqrt(inputs)));
        using var onnx = new OnnxGraphRun(library, OnnxProducts.Product(inputs, outputs, weight), x, rows, 2);
        var ours = Formats.Select(format => new SkinnyRun([PackedMatrix.Pack(outputs, inputs, weight, format)], x, rows, pool)).ToArray();
        Lines(table, $"{rows} x {inputs} x {outputs}", onnx, ours, rows == 1 ? [] : [1.0, 1.0, 1.0], 2.0 * rows * inputs * outputs, flop, null);
    }

    private static void AddChain(BesideTable table, OnnxLibrary library, WorkerPool pool, int rows, double flop, double bandwidth)
    {
        var random = new Random(1);
        GatedWeights[] layers = [.. Enumerable.Range(0, Layers).Select(_ => new GatedWeights(
            Width, Hidden, Values(random, Width * Hidden, 1.4f / 32), Values(random, Width * Hidden, 1.4f / 32), Values(random, Width * Hidden, 1.4f / 64)))];
        var x = Values(random, rows * Width, 1);
        using var onnx = new OnnxGraphRun(library, OnnxProducts.Chain(layers, quantised: false), x, rows, 2);
        using var integers = new OnnxGraphRun(library, OnnxProducts.Chain(layers, quantised: true), x, rows, 2);
        var ours = Formats.Select(format => new SkinnyRun(
            [.. layers.SelectMany(layer => new[]
            {
                PackedMatrix.PackGated(Hidden, Width, layer.Gate, layer.Up, format), PackedMatrix.Pack(Width, Hidden, layer.Down, format),
            })], x, rows, pool)).ToArray();
        Lines(table, $"chain of {Layers} gated feed-forwards, {rows} rows", onnx, ours, [1.4, 2.2, 4.5], 2.0 * rows * Layers * 3 * Width * Hidden, flop, bandwidth, integers);
    }

    private static void AddVector(BesideTable table, OnnxLibrary library, WorkerPool pool, double bandwidth)
    {
        var random = new Random(1);
        var (x, weight) = (Values(random, VectorInputs, 1), Values(random, VectorInputs * VectorOutputs, 1 / 64f));
        using var onnx = new OnnxGraphRun(library, OnnxProducts.Product(VectorInputs, VectorOutputs, weight), x, 1, 2);
        var ours = Formats.Append(WeightFormat.Int4).Select(format => new SkinnyRun([PackedMatrix.Pack(VectorOutputs, VectorInputs, weight, format)], x, 1, pool)).ToArray();
        Lines(table, $"vector {VectorInputs} x {VectorOutputs}", onnx, ours, [], 2.0 * VectorInputs * VectorOutputs, null, bandwidth);
    }

    // One line per format; where there is ONNX Runtime's own int8, one more for ours against that.
    private static void Lines(
        BesideTable table, string what, OnnxGraphRun onnx, SkinnyRun[] ours, double[] bars, double work, double? flop, double? bandwidth, OnnxGraphRun? integers = null)
    {
        foreach (var run in ours) run.Run();
        RequireEqual(what, onnx.Output(), ours[0].Output(), 1e-4);
        var timings = Stopwatches.Time(15, 0.05, [.. onnx.Ways, .. integers?.Ways ?? [], .. ours.Select(run => (Action)run.Run)]);
        var (first, others) = (Faster(timings.AsSpan(0, 2)), timings[^ours.Length..]);
        for (var i = 0; i < ours.Length; i++)
        {
            var t = others[i].Least;
            string[] limits =
            [
                .. flop is { } f ? new[] { Share(work / t, f, "FMA") } : [],
                .. bandwidth is { } b ? new[] { Share(ours[i].WeightBytes / t, b, "reading") } : [],
            ];
            table.Add(new BesideLine($"{what}, 2 threads", Names[i], first, others[i], i < bars.Length ? bars[i] : null, string.Join(", ", limits)));
        }

        if (integers is not null)
            table.Add(new BesideLine($"{what}, 2 threads, against ONNX Runtime's dynamic int8", "int8", Faster(timings.AsSpan(2, 2)), others[2], 1.3, ""));
        foreach (var run in ours) run.Dispose();
    }

    private static Timing Faster(ReadOnlySpan<Timing> ways) => ways[0].Median <= ways[1].Median ? ways[0] : ways[1];

    private static string Share(double rate, double peak, string of) => $"{100 * rate / peak:0} % of {of}";

    private static string Threads(int threads) => threads == 1 ? "1 thread" : $"{threads} threads";

    // Float32 both: the largest difference in units of the largest value.
    private static void RequireEqual(string what, float[] theirs, float[] ours, double bound)
    {
        var (largest, apart) = (theirs.Max(Math.Abs), theirs.Zip(ours, (a, b) => Math.Abs(a - b)).Max());
        if (!(apart <= bound * largest)) throw new InvalidOperationException($"{what}: ours and ONNX Runtime's results are {apart} apart where the largest value is {largest}; nothing was timed.");
    }

    private static float[] Values(Random random, int length, float deviation) =>
        [.. Enumerable.Range(0, length).Select(_ => ((random.NextSingle() * 2) - 1) * 1.732f * deviation)];
}
