// How compare ends: how many bars were missed in this very run, and what in general stands in their way, with the run's own figures.

using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;

namespace Ditar.Bench;

internal static class MissedBars
{
    /// <param name="written">Everything before.</param>
    public static string Closing(string written, MachineLimits limits)
    {
        var missed = Regex.Count(written, @"\*\*missed\*\*");
        var bars = missed + Regex.Count(written, @"(\d|:) met\b|\| met \|");
        if (missed == 0) return Invariant($"## All {bars} bars are met\n");
        var integer = Vector512.IsHardwareAccelerated && AvxVnni.IsSupported
            ? "- int8: .NET 10 reaches VNNI with 256-bit vectors only; ONNX Runtime's has twice that width. Ours makes at most twice as many multiply-adds as float32 with 512 bits does, so\n"
              + "  200 % of FMA is the end; `bench -- skinny` shows how near each product comes.\n"
            : "";
        return Invariant(
            $"""
            ## What stands in the way of the missed bars

            {missed} of {bars} bars are missed in this run.

            {integer}- float32 and bf16 with few rows: weights larger than the caches come at the speed of memory, {limits.Read[1] / 1e9:0.0} GB/s with two threads in this run, for both sides; with
              18 rows of bf16 the multiply-adds are the limit. More than 14 rows read a panel twice, the second time from the second-level cache; pieces of a panel
              that stay in the first were tried and won nothing.
            - Loading: .NET compiles code meanwhile, of which a published build has less to do ([engine.md](engine.md#starting)).
            - Real-time factors are of this machine: {limits.Flop[1] / 1e9:0} GFLOP/s between registers and {limits.Fed[1] / 1e9:0} with operands from the first-level cache. A ratio compares both
              sides; a factor has only the machine to go by.

            """);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
