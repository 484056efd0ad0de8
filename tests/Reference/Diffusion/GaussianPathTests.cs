// Conversions between x0, noise, velocity and score; rates against differences; the posterior of a pair; the grids.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using FsCheck;
using FsCheck.Fluent;
using static Ditar.Tests.Reference.Diffusion.Settings;

namespace Ditar.Tests.Reference.Diffusion;

public class GaussianPathTests
{
    [Theory]
    [InlineData("trigonometric")]
    [InlineData("straight")]
    public void ConversionsRoundTrip(string pathName)
    {
        var path = Path(pathName);

        // Away from the ends, where a division by a or s amplifies rounding at most fiftyfold.
        var times = Gen.Choose(20, 980).Select(n => n / 1000.0);
        var numbers = Gen.Choose(-4000, 4000).Select(n => n / 1000.0);
        var cases = from t in times from clean in numbers.ArrayOf(6) from noise in numbers.ArrayOf(6) select (t, clean, noise);
        Prop.ForAll(Arb.From(cases), c =>
        {
            var at = path.At(c.t);
            var (clean, noise) = (Tensor.From(c.clean, 6), Tensor.From(c.noise, 6));
            var (x, v) = (at.Mix(clean, noise), at.Velocity(clean, noise));
            Near(clean, at.CleanFromVelocity(x, v));
            Near(noise, at.NoiseFromVelocity(x, v));
            Near(clean, at.CleanFromNoise(x, noise));
            Near(noise, at.NoiseFromClean(x, clean));
            Near(noise, at.NoiseFromScore(at.ScoreFromNoise(noise)));
            return true;
        }).QuickCheckThrowOnFailure();

        static void Near(Tensor expected, Tensor found) =>
            Assert.True(LargestDifference(expected.ToDoubles(), found.ToDoubles()) < Tolerances.AmplifiedFloat64Operations);
    }

    [Theory]
    [InlineData("trigonometric", 0)]
    [InlineData("trigonometric", 1)]
    [InlineData("straight", 0)]
    [InlineData("straight", 1)]
    public void VelocityGivesCleanAndNoiseBackEvenAtTheEnds(string pathName, double t)
    {
        var at = Path(pathName).At(t);
        var (clean, noise) = (Tensor.From([0.5, -2.0], 2), Tensor.From([1.5, 0.25], 2));
        var (x, v) = (at.Mix(clean, noise), at.Velocity(clean, noise));
        Assert.True(LargestDifference(clean.ToDoubles(), at.CleanFromVelocity(x, v).ToDoubles()) < Tolerances.HandfulOfFloat64Operations);
        Assert.True(LargestDifference(noise.ToDoubles(), at.NoiseFromVelocity(x, v).ToDoubles()) < Tolerances.HandfulOfFloat64Operations);
    }

    [Theory]
    [InlineData("trigonometric")]
    [InlineData("straight")]
    public void RatesAreDerivatives(string pathName)
    {
        var path = Path(pathName);
        const double h = 1e-5;
        foreach (var t in new[] { 0.1, 0.5, 0.93 })
        {
            Assert.Equal((path.Signal(t + h) - path.Signal(t - h)) / (2 * h), path.SignalRate(t), Tolerances.CentralDifference);
            Assert.Equal((path.Noise(t + h) - path.Noise(t - h)) / (2 * h), path.NoiseRate(t), Tolerances.CentralDifference);
        }
    }

    [Fact]
    public void OneTimePerItemEqualsEachItemByItself()
    {
        var path = new TrigonometricPath();
        double[] times = [0, 0.3, 1];
        var (clean, noise) = (Tensor.From([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2, 1), Tensor.From([-1.0, 0.5, 2.0, 0.1, 0.2, -0.3], 3, 2, 1));
        var together = path.At(Tensor.From(times, 3)).Velocity(clean, noise);
        for (var i = 0; i < 3; i++)
            Assert.Equal(path.At(times[i]).Velocity(clean.Slice(0, i, 1), noise.Slice(0, i, 1)).ToDoubles(), together.Slice(0, i, 1).ToDoubles());
        Assert.Throws<ArgumentException>(() => path.At(Tensor.From(times, 3)).Mix(clean.Slice(0, 0, 2), noise.Slice(0, 0, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => path.At(1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => path.At(double.NaN));
    }

    [Theory]
    [InlineData("trigonometric", 0.8, 0.3)]
    [InlineData("trigonometric", 1, 0.5)]
    [InlineData("straight", 0.8, 0.3)]
    [InlineData("straight", 0.4, 0)]
    public void ThePosteriorIsBayesRule(string pathName, double later, double earlier)
    {
        // Scalars: x_s ~ N(a_s x0, s_s^2) and x_t | x_s ~ N(r x_s, q), so the precision is 1/s_s^2 + r^2/q and the mean weighs both.
        var path = Path(pathName);
        const double clean = 0.7;
        const double x = -0.4;
        var (mean, variance) = path.Posterior(later, earlier, Tensor.From([x], 1), Tensor.From([clean], 1));
        var r = path.Signal(later) / path.Signal(earlier);
        var q = Math.Pow(path.Noise(later), 2) - Math.Pow(r * path.Noise(earlier), 2);
        var prior = Math.Pow(path.Noise(earlier), 2);
        Assert.Equal(prior * q / (q + (r * r * prior)), variance, Tolerances.HandfulOfFloat64Operations);
        Assert.Equal(((q * path.Signal(earlier) * clean) + (prior * r * x)) / (q + (r * r * prior)), mean.Scalar(), Tolerances.HandfulOfFloat64Operations);
        Assert.Throws<ArgumentException>(() => path.Posterior(earlier, later, mean, mean));
    }

    [Fact]
    public void AGridMustRunUpwardsFromZeroToOne()
    {
        Assert.Equal(4, TimeGrid.Uniform(4).Steps);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], Enumerable.Range(0, 5).Select(n => TimeGrid.Uniform(4)[n]));
        Assert.Equal(2, TimeGrid.Uniform(4).Nearest(0.4));
        Assert.Equal(1, TimeGrid.Uniform(2).Nearest(0.25));
        Assert.Throws<ArgumentException>(() => TimeGrid.Uniform(0));
        Assert.Throws<ArgumentException>(() => TimeGrid.Sway(10, 2));
        Assert.Throws<ArgumentException>(() => new TimeGrid(0, 0.5, 0.5, 1));
        Assert.Throws<ArgumentException>(() => new TimeGrid(0, double.NaN, 1));
        Assert.Throws<ArgumentException>(() => new TimeGrid(0.1, 1));
    }

    [Fact]
    public void AbsurdOptionsAreRefusedWithTheRange()
    {
        Assert.Contains("1 to 1000, found 0", Assert.Throws<ArgumentException>(() => new SamplerOptions { Steps = 0 }).Message, StringComparison.Ordinal);
        Assert.Contains("found NaN", Assert.Throws<ArgumentException>(() => new SamplerOptions { Guidance = double.NaN }).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SamplerOptions { Guidance = -1 });
        Assert.Throws<ArgumentException>(() => new SamplerOptions { Temperature = 1.5 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new NoiseTime(double.NaN));
    }

    [Fact]
    public void NoiseDependsOnSeedAndPatchOnly()
    {
        var a = new SeededNoise(3).Draw(1, ElementType.Float32, [1, 2, 3]);
        Assert.Equal(a.ToSingles(), new SeededNoise(3).Draw(1, ElementType.Float32, [1, 2, 3]).ToSingles());
        Assert.NotEqual(a.ToSingles(), new SeededNoise(3).Draw(2, ElementType.Float32, [1, 2, 3]).ToSingles());
        Assert.NotEqual(a.ToSingles(), new SeededNoise(4).Draw(1, ElementType.Float32, [1, 2, 3]).ToSingles());
        Assert.Equal(a.ToSingles(), new SeededNoise(3).Draw(1, ElementType.Float64, [1, 2, 3]).ToSingles());
        Assert.Throws<ArgumentException>(() => new GivenNoise(a).Draw(1, ElementType.Float32, [1, 2, 3]));
        Assert.Throws<ArgumentException>(() => new GivenNoise(a).Draw(0, ElementType.Float32, [1, 2, 4]));
    }
}
