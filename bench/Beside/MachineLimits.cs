// What the machine can do, measured at the start of a run: everything else is told as a share of it.

using Ditar.Simd;

namespace Ditar.Bench;

/// <param name="Flop">Multiply-adds between registers, FLOP/s at 1 and 2 threads.</param>
/// <param name="Fed">With operands from the first-level cache.</param>
/// <param name="Read">Bytes per second from memory.</param>
internal sealed record MachineLimits(double[] Flop, double[] Fed, double[] Read)
{
    public static MachineLimits Measure(WorkerPool pool)
    {
        var peaks = new Peaks(pool);
        double[] Best(Func<int, Action[]> ways, Func<int, double> work) =>
            [.. Enumerable.Range(1, 2).Select(threads => work(threads) / Stopwatches.Time(25, 0.004, ways(threads)).Min(timing => timing.Least))];
        return new(Best(peaks.Flop, Peaks.FlopPerCall), Best(peaks.FedFlop, Peaks.FlopPerCall), Best(peaks.Read, _ => Peaks.BytesPerCall));
    }

    public string Markdown() =>
        $"""
        | limit | 1 thread | 2 threads |
        | --- | --- | --- |
        | FMA between registers, {Peaks.WidthBits}-bit vectors | {Flop[0] / 1e9:0} GFLOP/s | {Flop[1] / 1e9:0} GFLOP/s |
        | FMA with operands from the first-level cache | {Fed[0] / 1e9:0} GFLOP/s | {Fed[1] / 1e9:0} GFLOP/s |
        | reading memory | {Read[0] / 1e9:0.0} GB/s | {Read[1] / 1e9:0.0} GB/s |

        """;
}
