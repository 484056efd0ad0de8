// Every kernel of the seam once, on float32 at a training shape: bytes read and written per second, and bytes allocated per call (0).

using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class KernelTable
{
    private const int Rows = 640, Width = 192;

    /// <param name="filter">Names to keep, by a part of them; empty keeps all.</param>
    public static void Print(string filter = "")
    {
        var fast = new SimdKernels();
        var plain = new PlainKernels();
        var rows = Cases(fast).Zip(Cases(plain)).Where(pair => pair.First.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToArray();
        var timings = Stopwatches.Time(15, 0.002, [.. rows.SelectMany(pair => new[] { pair.First.Run, pair.Second.Run })]);
        Console.WriteLine($"{Peaks.WidthBits}-bit vectors, one thread, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
        Console.WriteLine($"{"",-30} {"us",9} {"GB/s",8} {"plain GB/s",11} {"bytes",6}");
        for (var i = 0; i < rows.Length; i++)
        {
            var (name, values, _) = rows[i].First;
            var (quick, slow) = (timings[2 * i], timings[(2 * i) + 1]);
            var bytes = (double)values * sizeof(float);
            Console.WriteLine($"{name,-30} {quick.Least * 1e6,9:0.0} {bytes / quick.Least / 1e9,8:0.0} {bytes / slow.Least / 1e9,11:0.0} {quick.AllocatedBytes,6}");
        }
    }

    /// <summary>Name, float32 values read and written per call, one call. A name never comes to mean something else.</summary>
    public static IEnumerable<(string Name, long Values, Action Run)> Cases(IKernels kernels)
    {
        const int N = Rows * Width;
        var random = new Random(1);
        float[] Values(int length, float offset = 0) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1 + offset)];
        var (x, positive, dy, y, dx) = (Values(N), Values(N, 1.5f), Values(N), new float[N], new float[N]);
        var (gain, bias, dgain, dbias) = (Values(Width, 2), Values(Width), new float[Width], new float[Width]);
        var (mean, inverse) = (new float[Rows], new float[Rows]);
        foreach (var operation in Enum.GetValues<UnaryOperation>())
        {
            yield return ($"{operation}", 2 * N, () => kernels.Unary(operation, positive, y));
            yield return ($"{operation} gradient", 4 * N, () => kernels.UnaryGradient(operation, positive, y, dy, dx));
        }

        foreach (var operation in Enum.GetValues<BinaryOperation>())
            yield return ($"{operation}", 3 * N, () => kernels.Binary<float>(operation, new BroadcastShape(1, N, 0, 1, 0, 1), x, positive, y));
        yield return ("Add bias [192]", 2 * N, () => kernels.Binary<float>(BinaryOperation.Add, new BroadcastShape(Rows, Width, Width, 1, 0, 1), x, bias, y));
        yield return ("Add bias [24]", 2 * N, () => kernels.Binary<float>(BinaryOperation.Add, new BroadcastShape(N / 24, 24, 24, 1, 0, 1), x, bias, y));
        yield return ("AddScaled", 3 * N, () => kernels.AddScaled(x, 0.5f, y));
        yield return ("Sum of rows", N, () => kernels.Sum(1, Rows, Width, x, dgain));
        yield return ("Sum of all", N, () => kernels.Sum(1, N, 1, x, mean));
        yield return ("Softmax", 2 * N, () => kernels.Softmax(Rows, Width, x, y));
        yield return ("Softmax gradient", 3 * N, () => kernels.SoftmaxGradient(Rows, Width, x, dy, dx));
        yield return ("LogSoftmax", 2 * N, () => kernels.LogSoftmax(Rows, Width, x, y));
        yield return ("LogSoftmax gradient", 3 * N, () => kernels.LogSoftmaxGradient(Rows, Width, x, dy, dx));
        yield return ("RmsNorm", 2 * N, () => kernels.RmsNorm(Rows, Width, 1e-5f, x, gain, y, inverse));
        yield return ("RmsNorm gradient", 3 * N, () => kernels.RmsNormGradient(Rows, Width, x, gain, inverse, dy, dx, dgain));
        yield return ("LayerNorm", 2 * N, () => kernels.LayerNorm(Rows, Width, 1e-5f, x, gain, bias, y, mean, inverse));
        yield return ("LayerNorm gradient", 3 * N, () => kernels.LayerNormGradient(Rows, Width, x, gain, mean, inverse, dy, dx, dgain, dbias));
        yield return ("Snake [192]", 2 * N, () => kernels.Snake(Rows, Width, x, gain, y));
        yield return ("Snake [24]", 2 * N, () => kernels.Snake(N / 24, 24, x, gain, y));
        yield return ("Snake gradient [24]", 3 * N, () => kernels.SnakeGradient(N / 24, 24, x, gain, dy, dx, dgain));

        var weight = Values(Width * Width);
        var product = new MatMulShape(1, Rows, Width, Width, 0, Width, 1, 0, 1, Width, 0, Width, false);
        yield return ("MatMul 640 x 192 x 192", (2 * N) + (Width * Width), () => kernels.MatMul<float>(in product, x, weight, y));

        var (cosine, sine) = (Values(80 * 32), Values(80 * 32));
        yield return ("Rotate 8 x 80 x 3 x 64", 2 * N, () => kernels.Rotate<float>(8, 80, 3, 64, false, x, cosine, sine, y));
        foreach (var (name, s) in new[]
        {
            ("Attention 100 x 9, 2 heads", new AttentionShape(100, 9, 9, 2, 2, 64, false, 0.125)),
            ("Attention 8 x 80, 3 heads", new AttentionShape(8, 80, 80, 3, 3, 64, true, 0.125)),
        })
        {
            var length = s.Batch * s.Queries * s.Heads * s.HeadDim;
            var p = new float[s.Batch * s.Heads * s.Queries * s.Keys];
            var (q, k, v, output) = (Values(length), Values(length), Values(length), new float[length]);
            var (dq, dk, dv) = (new float[length], new float[length], new float[length]);
            kernels.Attention(in s, q, k, v, [], output, p);
            yield return (name, (4 * length) + p.Length, () => kernels.Attention(in s, q, k, v, [], output, p));
            yield return ($"{name}, gradient", (7 * length) + p.Length, () => kernels.AttentionGradient<float>(in s, q, k, v, p, output, dq, dk, dv));
        }

        var shape = new DepthwiseShape(8, 80, Width, 7, 1, 1);
        var (taps, dtaps) = (Values(7 * Width), new float[7 * Width]);
        yield return ("Depthwise 8 x 80 x 192, 7", 2 * N, () => kernels.Depthwise<float>(in shape, x, taps, y));
        yield return ("Depthwise gradient", 3 * N, () => kernels.DepthwiseGradient<float>(in shape, x, taps, dy, dx, dtaps));
    }
}
