// The window that the streamed vocoder decodes: wide enough, by looking at what a changed latent changes, and not many times too wide.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Tests.Onnx;

public class DecoderReachTests
{
    public static TheoryData<VaeConfig> Decoders() =>
    [
        new VaeConfig { LatentDim = 3, InverseStft = new() { Width = 4, Hidden = 6 } },
        new VaeConfig { LatentDim = 3, LookAhead = 0, InverseStft = new() { Width = 4, Hidden = 6, LatentBlocks = 1, FrameBlocks = 2, Kernel = 5, Upsample = 2, Window = 1000 } },
        new VaeConfig { LatentDim = 3, Decoder = VaeConfig.BigVganKind, BigVgan = new() { Channels = [6, 5, 4, 3, 2] } },
        new VaeConfig { LatentDim = 3, LookAhead = 1, Strides = [4, 5], Channels = [2, 2], Decoder = VaeConfig.BigVganKind, BigVgan = new() { Channels = [6, 5, 4], Upsample = [4, 5], Kernels = [3, 7], Dilations = [1, 5] } },
    ];

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_latent_changes_the_samples_within_reach_and_no_others(VaeConfig config)
    {
        var reach = DecoderReach.Of(config);
        var frames = (2 * reach.Back) + reach.Ahead + 3;
        var changed = reach.Back / 2 + reach.Ahead + 1;
        var autoencoder = new Autoencoder(new RandomParameters(ElementType.Float64, 5).Root, config);
        Assert.Equal(autoencoder.Decoder.LookAhead, reach.Ahead);

        var latents = new float[frames * config.LatentDim];
        NormalSource.FillNormal(6, 0, 0, latents);
        var before = Decode();
        for (var d = 0; d < config.LatentDim; d++) latents[(changed * config.LatentDim) + d] += 3;
        var after = Decode();
        var differ = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).Select(i => i / config.Hop).ToList();
        Assert.InRange(differ.Min(), changed - reach.Ahead, changed);
        Assert.InRange(differ.Max(), changed + (reach.Back / 2), changed + reach.Back);

        double[] Decode() => autoencoder.Decode(Tensor.From(latents, 1, frames, config.LatentDim).To(ElementType.Float64)).ToDoubles();
    }

    public static TheoryData<AudioVaeConfig> OfficialDecoders()
    {
        var tiny = AudioVaeConfig.Default(VoxCpmVersion.One) with { EncoderDim = 1, EncoderRates = [2], LatentDim = 3 };
        return
        [
            tiny with { DecoderDim = 16, DecoderRates = [8, 8, 5, 2] },
            tiny with { DecoderDim = 32, DecoderRates = [7, 7, 6, 3, 2] },
            tiny with { DecoderDim = 8, DecoderRates = [3], Depthwise = false },
        ];
    }

    [Theory]
    [MemberData(nameof(OfficialDecoders))]
    public void A_latent_of_VoxCPM_changes_the_samples_within_reach_and_no_others(AudioVaeConfig config)
    {
        var reach = DecoderReach.Of(config);
        Assert.Equal(0, reach.Ahead);
        var frames = (2 * reach.Back) + 3;
        var changed = (reach.Back / 2) + 1;
        var vae = new AudioVae(new RandomParameters(ElementType.Float64, 5), config);
        var latents = new float[frames * config.LatentDim];
        NormalSource.FillNormal(6, 0, 0, latents);
        var before = Decode();
        for (var d = 0; d < config.LatentDim; d++) latents[(changed * config.LatentDim) + d] += 3;
        var after = Decode();
        var differ = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).Select(i => i / config.DecoderHop).ToList();
        Assert.Equal(changed, differ.Min());
        Assert.InRange(differ.Max(), changed + (reach.Back / 2), changed + reach.Back);

        double[] Decode() => vae.Decoder.Forward(Tensor.From(latents, 1, frames, config.LatentDim).To(ElementType.Float64)).ToDoubles();
    }
}
