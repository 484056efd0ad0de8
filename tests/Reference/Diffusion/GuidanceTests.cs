// Guidance: the equations, how the two branches are batched, the resting steps, and cancellation.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using static Ditar.Tests.Reference.Diffusion.Settings;

namespace Ditar.Tests.Reference.Diffusion;

public class GuidanceTests
{
    private static readonly PatchRequest Asked = Request with { Condition = Tensor.From([1.0, 2.0, -0.5], 1, 3).Copy() };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WeightZeroIsTheConditionalBranchAloneBitForBit(bool zeroStar)
    {
        var guided = new LinearField();
        var plain = new LinearField();
        Guidance rule = zeroStar ? new ZeroStarGuidance(0) : new PlainGuidance(0);
        var without = new PatchSampler(new TrigonometricPath(), TimeGrid.Uniform(6), new DdimStep(), rule, new NoiseTime(1));
        var resting = without.Guidance.RestingSteps(6);
        var found = without.Sample(guided, Asked, new SeededNoise(1)).ToDoubles();
        Assert.All(guided.Batches, batch => Assert.Equal(1, batch));
        Assert.Equal(6 - resting, guided.Batches.Count);

        var x = Tensor.From(Noise(1), 1, Latents, Channels);
        for (var n = 6; n >= 1; n--)
        {
            Velocity velocity = n > 6 - resting
                ? (state, _) => Tensor.Zeros(state.Type, state.Shape)
                : (state, t) => plain.Velocity(state, Tensor.Full(ElementType.Float64, t, 1), Asked.Condition, Asked.History);
            x = new DdimStep().Advance(without.Path, velocity, x, without.Grid[n], without.Grid[n - 1]);
        }

        Assert.Equal(x.ToDoubles(), found);
    }

    [Fact]
    public void BothBranchesAreOneCallWithTheSameStateAndHistory()
    {
        var field = new LinearField();
        PatchSampler.Ditar(new SamplerOptions { Guidance = 1.5, Steps = 3 }).Sample(field, Asked, new SeededNoise(1));
        Assert.Equal([2, 2, 2], field.Batches);
    }

    [Fact]
    public void PlainGuidanceIsItsEquation()
    {
        var (with, without) = (Tensor.From([1.0, 4.0], 1, 2), Tensor.From([0.5, -1.0], 1, 2));
        Assert.Equal([(2.5 * 1) - (1.5 * 0.5), (2.5 * 4) + 1.5], new PlainGuidance(1.5).Combine(with, without).ToDoubles());
    }

    [Fact]
    public void ZeroStarProjectsEachItemOfTheBatchByItself()
    {
        var with = Tensor.From([1.0, 4.0, -2.0, 0.5], 2, 2, 1);
        var without = Tensor.From([0.5, -1.0, 3.0, 1.0], 2, 2, 1);
        var found = new ZeroStarGuidance(1).Combine(with, without).ToDoubles();
        for (var item = 0; item < 2; item++)
        {
            var (w, u) = (with.ToDoubles()[(2 * item)..(2 * item + 2)], without.ToDoubles()[(2 * item)..(2 * item + 2)]);
            var projection = ((w[0] * u[0]) + (w[1] * u[1])) / ((u[0] * u[0]) + (u[1] * u[1]) + 1e-8);
            for (var i = 0; i < 2; i++) Assert.Equal((projection * u[i]) + (2 * (w[i] - (projection * u[i]))), found[(2 * item) + i], Tolerances.FewFloat64Operations);
        }
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(10, 1)]
    [InlineData(48, 1)]
    [InlineData(49, 2)]
    [InlineData(50, 2)]
    public void ZeroStarRestsForTheFirstSteps(int steps, int resting)
    {
        Assert.Equal(resting, new ZeroStarGuidance(1).RestingSteps(steps));
        var field = new LinearField();
        PatchSampler.VoxCpm(steps).Sample(field, Asked, new SeededNoise(1));
        Assert.Equal(steps - resting, field.Batches.Count);
    }

    [Fact]
    public void VoxCpmInOneStepIsItsNoise() =>
        Assert.Equal(Noise(1), PatchSampler.VoxCpm(steps: 1).Sample(new LinearField(), Asked, new SeededNoise(1)).ToDoubles());

    [Fact]
    public void CancellationIsSeenBeforeTheNextVelocity()
    {
        using var source = new CancellationTokenSource();
        var field = new LinearField { OnCall = call => { if (call == 2) source.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => PatchSampler.Ditar(new SamplerOptions()).Sample(field, Asked, new SeededNoise(1), source.Token));
        Assert.Equal(2, field.Batches.Count);
    }

    // v = x (1 + t) + sum of the condition + mean of the history: depends on everything it is given.
    private sealed class LinearField : WholeField
    {
        public List<int> Batches { get; } = [];

        public Action<int>? OnCall { get; init; }

        public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
        {
            Batches.Add(x[0]);
            Assert.Equal([x[0]], time.Shape.ToArray());
            Assert.Equal(x[0], condition[0]);
            Assert.Equal(x[0], history[0]);
            if (x[0] == 2)
            {
                Assert.Equal(x.Slice(0, 0, 1).ToDoubles(), x.Slice(0, 1, 1).ToDoubles());
                Assert.Equal(history.Slice(0, 0, 1).ToDoubles(), history.Slice(0, 1, 1).ToDoubles());
                Assert.Equal(Asked.Condition.ToDoubles(), condition.Slice(0, 0, 1).ToDoubles());
                Assert.All(condition.Slice(0, 1, 1).ToDoubles(), h => Assert.Equal(0, h));
            }

            OnCall?.Invoke(Batches.Count);
            var perItem = condition.Sum(1).Reshape(x[0], 1, 1);
            return (x * (time.Reshape(x[0], 1, 1) + 1)) + perItem;
        }
    }
}
