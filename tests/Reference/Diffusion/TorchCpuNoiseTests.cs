// PyTorch's CPU normals, against numbers that its documentation and tutorials print for seeds 0 and 42 (torch.randn of 16 numbers, four decimals).

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Diffusion;

public class TorchCpuNoiseTests
{
    // Half a unit of the fourth decimal.
    private const double Printed = 0.5e-4 + 1e-7;

    [Theory]
    [InlineData(0, new[] { -1.1258, -1.1524, -0.2506, -0.4339, 0.8487, 0.6920, -0.3160, -2.1152, 0.3223, -1.2633, 0.3500, 0.3081, 0.1198, 1.2377, 1.1168, -0.2473 })]
    [InlineData(42, new[] { 1.9269, 1.4873, 0.9007, -2.1055, 0.6784, -1.2345, -0.0431, -1.6047, -0.7521, 1.6487, -0.3925, -1.4036, -0.7279, -0.5594, -0.7688, 0.7624 })]
    public void PrintedNumbers(uint seed, double[] printed)
    {
        var drawn = TorchCpuNoise.Block(new MersenneTwister(seed), 16);
        for (var i = 0; i < printed.Length; i++) Assert.Equal(printed[i], drawn[i], Printed);
    }

    /// <summary>The ten-thousandth number of the seed 5489, which the C++ standard demands.</summary>
    [Fact]
    public void TheGenerator()
    {
        var generator = new MersenneTwister(5489);
        for (var i = 1; i < 10_000; i++) generator.Next();
        Assert.Equal(4123659995u, generator.Next());
    }

    [Fact]
    public void PatchesFollowOneAnotherAndCanBeAskedForAgain()
    {
        var noise = new TorchCpuNoise(42);
        var generator = new MersenneTwister(42);
        float[] first = TorchCpuNoise.Block(generator, 48), second = TorchCpuNoise.Block(generator, 48);
        int[] shape = [1, 3, 16];
        Assert.Equal(first, AsDrawn(noise.Draw(0, ElementType.Float32, shape)));
        Assert.Equal(second, AsDrawn(noise.Draw(1, ElementType.Float32, shape)));
        Assert.Equal(second, AsDrawn(noise.Draw(1, ElementType.Float32, shape)));
        Assert.Equal(first, AsDrawn(noise.Draw(0, ElementType.Float32, shape)));
        Assert.Throws<ArgumentException>(() => noise.Draw(0, ElementType.Float32, [1, 3, 5]));
        Assert.Equal(35, TorchCpuNoise.Block(generator, 35).Length);
    }

    // [1, P, D] back to [D, P].
    private static float[] AsDrawn(Tensor x) => x.Transpose(1, 2).ToSingles();
}
