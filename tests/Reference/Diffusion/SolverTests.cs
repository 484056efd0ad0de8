// Solvers against data whose reverse ODE has a closed solution (GaussianField).
// Two statements about DDIM are kept apart: for a single data point (sigma = 0) it reproduces the ODE at any step count; for sigma > 0 its own recursion
// has a closed form at any step count, and that form approaches the ODE at order 1.

using Ditar.Reference.Diffusion;
using static Ditar.Tests.Reference.Diffusion.Settings;

namespace Ditar.Tests.Reference.Diffusion;

public class SolverTests
{
    private const double Mean = 0.7;

    private const double Rounding = Tolerances.FewFloat64Operations;

    [Theory]
    [InlineData("trigonometric", 1)]
    [InlineData("trigonometric", 2)]
    [InlineData("trigonometric", 13)]
    [InlineData("straight", 1)]
    [InlineData("straight", 2)]
    [InlineData("straight", 13)]
    public void DdimIsExactForASingleDataPointAtAnyStepCount(string pathName, int steps)
    {
        var path = Path(pathName);
        var field = new GaussianField(path, Mean, 0);
        var found = Sampler(path, steps, new DdimStep()).Sample(field, Request, new SeededNoise(1)).ToDoubles();
        Assert.Equal(steps, field.Calls);
        Assert.All(found, x => Assert.Equal(Mean, x, Rounding));
    }

    [Theory]
    [InlineData("trigonometric", 0.9, 0.35)]
    [InlineData("straight", 0.8, 0.1)]
    public void OneDdimStepFromAnyTimeStaysOnThePathOfASingleDataPoint(string pathName, double t, double s)
    {
        var path = Path(pathName);
        var clean = Ditar.Reference.Tensor.From([Mean, Mean], 1, 2);
        var noise = Ditar.Reference.Tensor.From([0.3, -1.9], 1, 2);
        var found = new DdimStep().Advance(path, (_, time) => path.At(time).Velocity(clean, noise), path.At(t).Mix(clean, noise), t, s);
        Assert.True(LargestDifference(path.At(s).Mix(clean, noise).ToDoubles(), found.ToDoubles()) < Rounding);
    }

    [Theory]
    [InlineData("trigonometric", 1)]
    [InlineData("trigonometric", 3)]
    [InlineData("trigonometric", 10)]
    [InlineData("straight", 1)]
    [InlineData("straight", 10)]
    public void DdimOnGaussianDataEqualsItsClosedFormAtAnyStepCount(string pathName, int steps)
    {
        var path = Path(pathName);
        var field = new GaussianField(path, Mean, 0.6);
        var grid = TimeGrid.Uniform(steps);
        var factor = 1.0;
        for (var n = steps; n >= 1; n--) factor *= field.DdimFactor(grid[n], grid[n - 1]);
        double[] expected = [.. Noise(1).Select(x => Mean + (factor * (x - (path.Signal(1) * Mean))))];
        Assert.True(LargestDifference(expected, Sampler(path, steps, new DdimStep()).Sample(field, Request, new SeededNoise(1)).ToDoubles()) < Rounding);
    }

    [Fact]
    public void OnTheTrigonometricPathDdimIsARotation()
    {
        var (t, s) = (0.8, 0.55);
        var x = Ditar.Reference.Tensor.From([0.4, -1.2], 1, 2);
        var v = Ditar.Reference.Tensor.From([2.2, 0.9], 1, 2);
        var angle = Math.PI / 2 * (t - s);
        var rotated = (x * Math.Cos(angle)) - (v * (Math.Sin(angle) * 2 / Math.PI));
        var found = new DdimStep().Advance(new TrigonometricPath(), (_, _) => v, x, t, s);
        Assert.True(LargestDifference(rotated.ToDoubles(), found.ToDoubles()) < Rounding);
    }

    [Fact]
    public void OnTheStraightPathDdimIsEuler()
    {
        var path = new StraightPath();
        var ddim = Sampler(path, 7, new DdimStep()).Sample(new GaussianField(path, Mean, 0.6), Request, new SeededNoise(1));
        var euler = Sampler(path, 7, new EulerStep()).Sample(new GaussianField(path, Mean, 0.6), Request, new SeededNoise(1));
        Assert.True(LargestDifference(ddim.ToDoubles(), euler.ToDoubles()) < Rounding);
    }

    [Theory]
    [InlineData("euler", "trigonometric", 1)]
    [InlineData("euler", "straight", 1)]
    [InlineData("heun", "trigonometric", 2)]
    [InlineData("heun", "straight", 2)]
    [InlineData("ddim", "trigonometric", 1)]
    [InlineData("ddim", "straight", 1)]
    public void TheErrorFallsWithTheOrderOfTheSolver(string solverName, string pathName, double order)
    {
        var path = Path(pathName);
        ISolverStep solver = solverName switch { "euler" => new EulerStep(), "heun" => new HeunStep(), _ => new DdimStep() };
        var field = new GaussianField(path, Mean, 0.6);
        double[] exact = [.. Noise(1).Select(x => Mean + (0.6 * (x - (path.Signal(1) * Mean)) / field.Spread(1)))];

        // The slope between 64 and 256 steps differs from the order by the next term of the expansion, about 1/64 of it.
        var slope = Math.Log(Error(64) / Error(256)) / Math.Log(4);
        Assert.InRange(slope, order - 0.1, order + 0.1);

        double Error(int steps) => LargestDifference(exact, Sampler(path, steps, solver).Sample(field, Request, new SeededNoise(1)).ToDoubles());
    }
}
