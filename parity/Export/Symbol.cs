// A size that changes from call to call: the length of a sequence, a batch. A graph is traced at several sizes of each, see GraphDefinition.Sizes.

namespace Ditar.Parity.Export;

/// <param name="Name">As it stands in the graph's shapes.</param>
/// <param name="First">Its size in most runs.</param>
/// <param name="Changed">Its size in the run that changes only it.</param>
/// <param name="Checked">Its size in the run that changes all and checks what was found.</param>
internal sealed record Symbol(string Name, int First, int Changed, int Checked)
{
    /// <summary>One list of sizes per run: the first, one per symbol with that one changed, the check.</summary>
    public static IReadOnlyList<int[]> Runs(IReadOnlyList<Symbol> symbols)
    {
        int[] first = [.. symbols.Select(symbol => symbol.First)];
        var changed = symbols.Select((symbol, i) => first.Select((size, j) => j == i ? symbol.Changed : size).ToArray());
        return [first, .. changed, [.. symbols.Select(symbol => symbol.Checked)]];
    }
}
