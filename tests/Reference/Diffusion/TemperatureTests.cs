// The laws of spec section 4 on Gaussian data. Before the re-noising at t_m the state starts from zero and is deterministic, so x0_hat at t_{m+1} is
// some constant c; then x_m = a_m c + s_m eps, and DDIM multiplies deviations from a mu by known factors (GaussianField):
//     x_0 = mu + f (a_m (c - mu) + s_m eps),   f = product of the factors from t_m down to 0,    deviation of x_0 = f s_m.
// With many steps f -> sigma / D_m, hence deviation -> sigma s_m / D_m.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using static Ditar.Tests.Reference.Diffusion.Settings;

namespace Ditar.Tests.Reference.Diffusion;

public class TemperatureTests
{
    private const double Mean = 0.7;
    private const double Deviation = 0.6;
    private static readonly GaussianPath Trigonometric = new TrigonometricPath();

    [Fact]
    public void AtZeroTheSeedIsIgnoredAndNothingIsDrawn()
    {
        var sampler = PatchSampler.Ditar(new SamplerOptions { Temperature = 0, Guidance = 0 });
        var noise = new CountingNoise(1);
        var first = sampler.Sample(Field(), Request, noise).ToDoubles();
        Assert.Equal(0, noise.Draws);
        Assert.Equal(first, sampler.Sample(Field(), Request, new SeededNoise(2)).ToDoubles());
        Assert.Equal(first, sampler.Sample(Field(), Request with { Number = 9 }, new SeededNoise(2)).ToDoubles());
    }

    [Fact]
    public void AtOneItIsOrdinarySamplingBitForBit()
    {
        var grid = TimeGrid.Uniform(10);
        var x = Tensor.From(Noise(3), 1, Latents, Channels);
        var field = Field();
        for (var n = 10; n >= 1; n--) x = new DdimStep().Advance(Trigonometric, Velocity, x, grid[n], grid[n - 1]);
        var sampler = PatchSampler.Ditar(new SamplerOptions { Temperature = 1, Guidance = 0 });
        Assert.Equal(x.ToDoubles(), sampler.Sample(Field(), Request, new SeededNoise(3)).ToDoubles());

        Tensor Velocity(Tensor state, double t) => field.Velocity(state, Tensor.Full(ElementType.Float64, t, 1), Request.Condition, Request.History);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void BetweenThereIsOneDrawAndTheDeviationIsKnown(double temperature)
    {
        const int steps = 10;
        var field = Field();
        var noise = new CountingNoise(4);
        var found = Sampler(Trigonometric, steps, new DdimStep(), temperature).Sample(field, Request, noise).ToDoubles();
        Assert.Equal(1, noise.Draws);
        Assert.Equal(steps, field.Calls);

        var grid = TimeGrid.Uniform(steps);
        var m = grid.Nearest(temperature);
        var drift = -Trigonometric.Signal(1) * Mean;                                               // x - a mu, from x = 0
        for (var n = steps; n > m + 1; n--) drift *= field.DdimFactor(grid[n], grid[n - 1]);
        var clean = Mean + (Trigonometric.Signal(grid[m + 1]) * Math.Pow(Deviation / field.Spread(grid[m + 1]), 2) * drift);     // c
        var factor = 1.0;
        for (var n = m; n >= 1; n--) factor *= field.DdimFactor(grid[n], grid[n - 1]);
        var (signal, level) = (Trigonometric.Signal(grid[m]), Trigonometric.Noise(grid[m]));
        double[] expected = [.. Noise(4).Select(eps => Mean + (factor * ((signal * (clean - Mean)) + (level * eps))))];
        Assert.True(LargestDifference(expected, found) < Tolerances.FewFloat64Operations);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    public void WithManyStepsTheVarianceIsThatOfTheOde(double temperature)
    {
        const int steps = 400;
        const int patches = 400;
        var field = Field();
        var sampler = Sampler(Trigonometric, steps, new DdimStep(), temperature);
        var big = Request with { Latents = patches * Latents };
        var found = sampler.Sample(field, big, new SeededNoise(5)).ToDoubles();
        var mean = found.Average();
        var variance = found.Average(x => (x - mean) * (x - mean));
        var expected = Math.Pow(Deviation * Trigonometric.Noise(temperature) / field.Spread(temperature), 2);

        // The sample variance of n Gaussians deviates by sqrt(2/n) relative; five of these, and 1 % for the solver (order 1, 400 steps).
        var tolerance = (5 * Math.Sqrt(2.0 / found.Length)) + 0.01;
        Assert.InRange(variance / expected, 1 - tolerance, 1 + tolerance);
    }

    [Theory]
    [InlineData(0.26, 0.3)]
    [InlineData(0.04, 0.0)]
    [InlineData(0.96, 1.0)]
    public void ItSnapsToTheGrid(double temperature, double onGrid)
    {
        var snapped = Sampler(Trigonometric, 10, new DdimStep(), temperature).Sample(Field(), Request, new SeededNoise(6));
        var exact = Sampler(Trigonometric, 10, new DdimStep(), onGrid).Sample(Field(), Request, new SeededNoise(6));
        Assert.Equal(exact.ToDoubles(), snapped.ToDoubles());
    }

    [Fact]
    public void AsAFactorItScalesTheFirstNoise()
    {
        var halved = PatchSampler.VoxCpm(temperature: 0.5).Sample(new GaussianField(new StraightPath(), 0, 1), Request, new SeededNoise(7)).ToDoubles();
        var whole = PatchSampler.VoxCpm().Sample(new GaussianField(new StraightPath(), 0, 1), Request, new GivenNoise([.. Enumerable.Repeat(Half(7), 6)])).ToDoubles();
        Assert.Equal(whole, halved);

        static Tensor Half(ulong seed) => (Tensor.From(Noise(seed), 1, Latents, Channels) * 0.5).Copy();
    }

    private static GaussianField Field() => new(Trigonometric, Mean, Deviation);

    private sealed class CountingNoise(ulong seed) : INoise
    {
        public int Draws { get; private set; }

        public Tensor Draw(int patch, ElementType type, ReadOnlySpan<int> shape)
        {
            Draws++;
            return new SeededNoise(seed).Draw(patch, type, shape);
        }
    }
}
