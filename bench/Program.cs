// Side-by-side tables of kernels against what the machine can do: `peaks`, `gemm`, `kernels`; `kernels:norm` keeps the names with "norm" in them.
// `micro [part of a name]` runs the same kernels under BenchmarkDotNet.

using Ditar.Bench;
using Ditar.Simd;

string[] known = ["peaks", "gemm", "kernels"];
if (args is ["micro", ..] and { Length: <= 2 })
{
    try
    {
        MicroBenchmarks.Run(args.ElementAtOrDefault(1) ?? "");
        return 0;
    }
    catch (ArgumentException e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }
}

var kernels = args.Where(arg => arg.StartsWith("kernels:", StringComparison.Ordinal)).ToArray();
if (args.Length == 0 || args.Except(known).Except(kernels).Any())
{
    Console.Error.WriteLine($"Usage: bench {string.Join(' ', known.Select(name => $"[{name}]"))}, or: bench micro [part of a kernel's name]");
    return 2;
}

if (args.Contains("peaks") || args.Contains("gemm"))
{
    using var pool = new WorkerPool(2);
    GemmTable.Print(new Peaks(pool), pool, args.Contains("gemm"));
}

if (args.Contains("kernels"))
    KernelTable.Print();
foreach (var arg in kernels)
    KernelTable.Print(filter: arg["kernels:".Length..]);
return 0;
