// Side-by-side tables of kernels against what the machine can do: `peaks`, `gemm`, `skinny`, `kernels`; `kernels:norm` keeps the names with "norm" in them.
// `products`, `layers`, `vae`, `growth`, `load`, `speech` set them and whole models beside ONNX Runtime; `compare` does all of it and writes docs/benchmarks.md.
// `micro [part of a name]` runs the same kernels under BenchmarkDotNet.

using Ditar.Bench;
using Ditar.Simd;

string[] known = ["peaks", "gemm", "kernels", "skinny"];
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

if (args is [LoadBeside.Child, var folder, var format, var threads])
{
    LoadBeside.RunChild(folder, format, int.Parse(threads, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

if (args is ["products" or "layers" or "vae" or "growth" or "load" or "speech" or "compare", ..])
{
    if (args is not ([_] or ["compare", "-o", _] or ["vae", _]))
    {
        Console.Error.WriteLine($"Usage: bench {args[0]}{(args[0] == "compare" ? " [-o docs/benchmarks.md]" : args[0] == "vae" ? " [part of a name]" : "")}");
        return 2;
    }

    BesideRun.Run(args[0], args is [_, _, var output] ? output : "docs/benchmarks.md", args is ["vae", var part] ? part : "");
    return 0;
}

var kernels = args.Where(arg => arg.StartsWith("kernels:", StringComparison.Ordinal)).ToArray();
if (args.Length == 0 || args.Except(known).Except(kernels).Any())
{
    Console.Error.WriteLine($"Usage: bench {string.Join(' ', known.Select(name => $"[{name}]"))}, bench products|layers|vae|growth|load|speech, bench compare [-o FILE], or: bench micro [part of a kernel's name]");
    return 2;
}

if (args.Contains("peaks") || args.Contains("gemm"))
{
    using var pool = new WorkerPool(2);
    GemmTable.Print(new Peaks(pool), pool, args.Contains("gemm"));
}

if (args.Contains("skinny"))
{
    using var pool = new WorkerPool(2);
    SkinnyTable.Print(new Peaks(pool), pool);
}

if (args.Contains("kernels"))
    KernelTable.Print();
foreach (var arg in kernels)
    KernelTable.Print(filter: arg["kernels:".Length..]);
return 0;
