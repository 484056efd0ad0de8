// `micro`: the cases of the kernel table under BenchmarkDotNet, for figures with error bars and a count of allocated bytes (0 each).
// In this process, so that nothing is built or restored, and its report goes to a temporary folder.

using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Ditar.Simd;

namespace Ditar.Bench;

/// <summary>One benchmark per kernel of the seam, named as in the kernel table.</summary>
[MemoryDiagnoser]
public class MicroBenchmarks
{
    private static string _filter = "";
    private Action _run = () => { };

    public static IEnumerable<string> Names => KernelTable.Cases(new SimdKernels()).Select(each => each.Name)
        .Where(name => name.Contains(_filter, StringComparison.OrdinalIgnoreCase));

    [ParamsSource(nameof(Names))]
    public string Kernel { get; set; } = "";

    /// <param name="filter">Kernels to keep, by a part of their names; empty keeps all.</param>
    /// <exception cref="ArgumentException">No kernel has it in its name.</exception>
    internal static void Run(string filter)
    {
        _filter = filter;
        if (!Names.Any())
            throw new ArgumentException($"No kernel has \"{filter}\" in its name.", nameof(filter));
        var config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance))
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "ditar-bench"));
        BenchmarkRunner.Run<MicroBenchmarks>(config);
    }

    [GlobalSetup]
    public void Setup() => _run = KernelTable.Cases(new SimdKernels()).First(each => each.Name == Kernel).Run;

    [Benchmark]
    public void Simd() => _run();
}
