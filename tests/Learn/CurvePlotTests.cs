// Plots: axes, the training log, and well-formed SVG with every curve in it.

using System.Xml.Linq;
using Ditar.Learn;

namespace Ditar.Tests.Learn;

public class CurvePlotTests
{
    [Theory]
    [InlineData(0, 10, false, new double[] { 0, 2, 4, 6, 8, 10 })]
    [InlineData(-0.5, 0.5, false, new double[] { -0.4, -0.2, 0, 0.2, 0.4 })]
    [InlineData(0.3, 2.4, false, new double[] { 0.5, 1, 1.5, 2 })]
    [InlineData(1, 100, true, new double[] { 1, 2, 5, 10, 20, 50, 100 })]
    [InlineData(1, 1e8, true, new double[] { 1, 100, 1e4, 1e6, 1e8 })]
    public void Ticks_are_round_numbers(double low, double high, bool logarithmic, double[] expected)
    {
        var ticks = new PlotAxis([low, high], logarithmic).Ticks();
        Assert.Equal(expected.Length, ticks.Count);
        Assert.DoesNotContain("-0", ticks.Select(PlotAxis.Label));
        // Powers of ten and multiples of a step carry a few roundings.
        foreach (var (e, t) in expected.Zip(ticks)) Assert.InRange(t, e - 4e-16 * Math.Abs(e), e + 4e-16 * Math.Abs(e));
    }

    [Fact]
    public void Values_are_placed_linearly_or_by_ratio()
    {
        Assert.Equal(0.5, new PlotAxis([0, 10], false).Place(5));
        Assert.Equal(0.5, new PlotAxis([1, 100], true).Place(10));
        Assert.False(new PlotAxis([1, 100], true).Shows(0));
        Assert.False(new PlotAxis([1, 100], false).Shows(double.NaN));
        Assert.InRange(new PlotAxis([3, 3], false).Place(3), 0.1, 0.9);
        Assert.NotEmpty(new PlotAxis([], false).Ticks());
    }

    [Fact]
    public void A_log_becomes_panels()
    {
        string[] lines =
        [
            """{"step":1,"loss":2.5,"lr":0.001}""", """{"step":2,"loss":2.0}""", """{"step":3,"loss":9}""", """{"note":"restarted"}""",
            """{"step":3,"loss":1.5,"val":1.8}""", """{"step":4,"lo""",
        ];
        var panels = TrainingCurves.FromLog(lines, [new("loss", ["loss", "val"], LogY: true), new("nothing", ["missing"])]);
        var panel = Assert.Single(panels);
        Assert.Equal(["loss", "val"], panel.Series.Select(s => s.Name));
        Assert.Equal([(1.0, 2.5), (2.0, 2.0), (3.0, 1.5)], panel.Series[0].Points);
    }

    [Fact]
    public void The_picture_is_well_formed_and_holds_every_curve_within_its_bounds()
    {
        var many = new PlotSeries("a <b> & c", [.. Enumerable.Range(1, 5000).Select(i => ((double)i, 1.0 / i))]);
        var gap = new PlotSeries("gap", [(1, 1), (2, double.NaN), (3, 2), (4, -1), (5, 3)]);
        string svg = CurvePlot.Draw("title", [new PlotPanel("one", "step", [many], true, true), new PlotPanel("two", "step", [gap], LogY: true), new PlotPanel("none", "step", [])]);
        var root = XDocument.Parse(svg).Root!;
        XNamespace ns = root.Name.Namespace;
        var curves = root.Elements(ns + "path").Select(p => p.Attribute("d")!.Value).ToArray();
        Assert.Equal(2, curves.Length);
        Assert.Equal(499, curves[0].Count(c => c == 'L')); // thinned to 500 points
        Assert.Equal(3, curves[1].Count(c => c == 'M'));   // a gap at what cannot be shown
        Assert.Contains(root.Elements(ns + "text"), t => t.Value == "a <b> & c");
        double width = double.Parse(root.Attribute("width")!.Value), height = double.Parse(root.Attribute("height")!.Value);
        foreach (string curve in curves)
        {
            double[] numbers = [.. curve.Replace("h0", "", StringComparison.Ordinal).Split(['M', 'L', ' '], StringSplitOptions.RemoveEmptyEntries).Select(double.Parse)];
            for (int i = 0; i < numbers.Length; i += 2)
            {
                Assert.InRange(numbers[i], 0, width);
                Assert.InRange(numbers[i + 1], 0, height);
            }
        }
    }
}
