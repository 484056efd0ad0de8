// The result in one sentence, and each break in one line; the same words in the terminal and in the page.

namespace Ditar.Parity;

internal static class Verdict
{
    public static string Of(ParityResult result)
    {
        if (result.Rows.Count == 0) return "Nothing was compared.";
        var cells = result.Rows.Sum(row => row.Cells.Count);
        var compared = $"{result.Rows.Count} tensors, {cells} comparisons of {result.Columns.Count()} engines with {result.Oracle.Engine.Name}";
        return result.Breaks.Count == 0 ? $"Parity holds: {compared}; every bound kept." : $"Parity broken in {result.Breaks.Count} places: {compared}.";
    }

    public static string Of(ParityBreak found)
    {
        var after = found.FollowedBy == 0 ? "" : $"; {found.FollowedBy} later tensors of this call leave their bounds too";
        return $"{found.Engine}: first diverges at {found.Row.Name}: {found.Reason}{after}";
    }
}
