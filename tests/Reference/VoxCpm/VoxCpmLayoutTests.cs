// What the official checkpoints hold, worked out from configurations of their sizes: the published counts of tensors and parameters must come out.

using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Reference.VoxCpm;

public class VoxCpmLayoutTests
{
    [Theory]
    [InlineData("0.5B", 377, 243)]
    [InlineData("1.5", 467, 299)]
    [InlineData("2", 577, 312)]
    public void TensorCounts(string name, int model, int vae)
    {
        var config = Read(name);
        Assert.Equal(model, VoxCpmLayout.Of(config).Count);
        Assert.Equal(vae, AudioVaeLayout.Of(config.Vae).Sum(tensor => tensor.Stored().Count()));
    }

    [Fact]
    public void ParameterCountsOfVersionTwo()
    {
        var layout = VoxCpmLayout.Of(Read("2"));
        Assert.Equal(1_471_744_000, Count("base_lm."));
        Assert.Equal(377_522_176, Count("residual_lm."));
        Assert.Equal(207_711_232, Count("feat_encoder."));
        Assert.Equal(212_040_768, Count("feat_decoder."));
        Assert.Equal(4_196_352, Count("stop_proj."));

        long Count(string prefix) => layout.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).Sum(tensor => tensor.Shape.Aggregate(1L, (product, extent) => product * extent));
    }

    [Theory]
    [InlineData("0.5B", 1280, 1280, 16_000)]
    [InlineData("1.5", 7056, 7056, 44_100)]
    [InlineData("2", 2560, 7680, 48_000)]
    public void RatesAndDefaults(string name, int samplesIn, int samplesOut, int rate)
    {
        var config = Read(name);
        Assert.Equal(samplesIn, config.PatchSize * config.Vae.EncoderHop);
        Assert.Equal(samplesOut, config.PatchSize * config.Vae.DecoderHop);
        Assert.Equal(rate, config.Vae.OutputRate);
        Assert.Null(config.Mup);
        Assert.Equal(name == "2", !config.Residual.Rotary);
        Assert.True(config.Base.Rotary);
        Assert.Equal(name == "2" ? 128 : 64, config.Base.HeadDim);
        if (name == "2") Assert.Equal(3, config.Vae.RateCondition!.BucketOf(48_000));
    }

    private static VoxCpmConfig Read(string name)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("config.json");
        File.WriteAllText(path, OfficialConfigs.Named(name));
        return VoxCpmConfig.Read(path);
    }
}
