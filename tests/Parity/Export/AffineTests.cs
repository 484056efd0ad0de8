// Extents as functions of the symbols, solved from runs.

using Ditar.Parity.Export;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Parity.Export;

public class AffineTests
{
    private static readonly Symbol[] Symbols = [new("past", 5, 7, 8), new("time", 3, 4, 6)];
    private static readonly IReadOnlyList<int[]> Sizes = Symbol.Runs(Symbols);

    [Fact]
    public void Runs_change_one_symbol_each_and_then_all() => Assert.Equal([[5, 3], [7, 3], [5, 4], [8, 6]], Sizes);

    [Fact]
    public void Every_form_is_found_again()
    {
        var forms = Gen.Choose(-1000, 1000).Three();
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(17, 91),
            Prop.ForAll(Arb.From(forms), form =>
            {
                var (constant, past, time) = form;
                var solved = Affine.Solve([.. Sizes.Select(size => (long)constant + (past * size[0]) + (time * size[1]))], Sizes);
                return solved is not null && solved.Constant == constant && solved.Coefficients.SequenceEqual([past, time]) && solved.At([100, 1]) == constant + (100 * past) + time;
            }));
    }

    [Theory]
    [InlineData("past + time", 8, 10, 9, 14)]
    [InlineData("400*time", 1200, 1200, 1600, 2400)]
    [InlineData("past - time - 1", 1, 3, 0, 1)]
    [InlineData("7", 7, 7, 7, 7)]
    [InlineData("0", 0, 0, 0, 0)]
    [InlineData(null, 15, 21, 20, 48)]                   // past * time
    [InlineData(null, 2, 3, 2, 4)]                       // past / 2, rounded down
    [InlineData(null, 4, 4, 4, 8)]                       // time rounded up to a multiple of 4
    [InlineData(null, 5, 5, 5, 6)]                       // max(past, time), where they happen to fit all but the check
    public void What_is_no_sum_of_multiples_is_refused(string? text, int first, int past, int time, int all) =>
        Assert.Equal(text, Affine.Solve([first, past, time, all], Sizes)?.ToText(Symbols));
}
