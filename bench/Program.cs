// Side-by-side tables of kernels against what the machine can do: `peaks`, `gemm`.

using Ditar.Bench;
using Ditar.Simd;

string[] known = ["peaks", "gemm"];
if (args.Length == 0 || args.Except(known).Any())
{
    Console.Error.WriteLine($"Usage: bench {string.Join(' ', known.Select(name => $"[{name}]"))}");
    return 2;
}

using var pool = new WorkerPool(Math.Min(2, Environment.ProcessorCount));
var peaks = new Peaks(pool);
if (args.Contains("peaks") || args.Contains("gemm"))
    GemmTable.Print(peaks, pool, args.Contains("gemm"));
return 0;
