// Small codecs with odd sizes for the fused form, in float32 and float64 on the same numbers, and the bound their results are held to.

using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Tests.Simd.Codec;

/// <param name="Exact">The definition in float64.</param>
/// <param name="Plain">The definition in float32.</param>
/// <param name="Fuse">The fused form of the float32 weights.</param>
internal sealed record DecoderCase(int LatentDim, VaeVocoder Exact, VaeVocoder Plain, Func<WorkerPool?, FusedVocoder> Fuse);

internal static class CodecCases
{
    private const ulong Seed = 7;

    /// <summary>Every decoder, with channel counts that fit no vector, factors even and odd, blocks side by side, and the sizes in use.</summary>
    public static TheoryData<string> Decoders => new(
        "istft tiny", "istft odd", "istft", "bigvgan tiny", "bigvgan odd", "bigvgan", "voxcpm", "voxcpm dense", "voxcpm2", "voxcpm2 added", "voxcpm wide");

    public static DecoderCase Decoder(string name)
    {
        if (name.StartsWith("voxcpm", StringComparison.Ordinal)) return Audio(AudioConfig(name));
        var config = Config(name);
        var (single, wide) = Build(config);
        return new(config.LatentDim, new VaeVocoder(wide), new VaeVocoder(single), pool => new FusedVocoder(single, pool));
    }

    public static VaeConfig Config(string name) => name switch
    {
        "istft tiny" => new() { Strides = [2, 2], Channels = [2, 3], LatentDim = 2, LookAhead = 1, InverseStft = new() { Width = 4, Hidden = 6, Kernel = 3, LatentBlocks = 1, Upsample = 2, FrameBlocks = 2, Window = 8 } },
        "istft odd" => new() { Strides = [5, 4], Channels = [7, 24], LatentDim = 5, LookAhead = 0, InverseStft = new() { Width = 27, Hidden = 50, Kernel = 7, LatentBlocks = 2, Upsample = 2, FrameBlocks = 1, Window = 22 } },
        "istft" => new() { InverseStft = new() { LatentBlocks = 1, FrameBlocks = 2 } },
        "bigvgan tiny" => new() { Strides = [2, 2], Channels = [2, 3], LatentDim = 2, LookAhead = 1, Decoder = VaeConfig.BigVganKind, BigVgan = new() { Channels = [3, 2, 2], Upsample = [2, 2], Kernels = [3, 5], Dilations = [1, 2] } },
        "bigvgan odd" => new() { Strides = [5, 4], Channels = [17, 33], LatentDim = 3, LookAhead = 2, Decoder = VaeConfig.BigVganKind, BigVgan = new() { Channels = [40, 19, 16], Upsample = [5, 4], Kernels = [3], Dilations = [1, 3, 9] } },
        "bigvgan" => new() { Decoder = VaeConfig.BigVganKind },
        _ => throw new ArgumentException($"No case {name}."),
    };

    public static (Autoencoder Single, Autoencoder Double) Build(VaeConfig config)
    {
        var weights = new RandomWeights(Seed);
        var single = new Autoencoder(weights.Root, config);

        // Statistics that scale something.
        var random = new Random(3);
        foreach (ref var value in single.LatentMean.Values<float>()) value = (float)(random.NextDouble() - 0.5);
        foreach (ref var value in single.LatentDeviation.Values<float>()) value = (float)(0.5 + random.NextDouble());
        return (single, new Autoencoder(new GivenWeights(weights.Taken.ToDictionary(), ElementType.Float64).Root, config));
    }

    public static Tensor Latents(int frames, int dim, int seed)
    {
        var random = new Random(seed);
        return Tensor.From([.. Enumerable.Range(0, frames * dim).Select(_ => (float)((random.NextDouble() * 4) - 2))], frames, dim);
    }

    /// <summary>
    /// Both float32 runs compute the same sums in other orders, and how far a network carries their roundings nothing but a float32 run can say. Ours adds in one chain,
    /// the plain kernels in up to 64 partial ones (4 accumulators of 16 lanes): a random walk 8 times as far. Their largest errors over some ten samples vary by another
    /// factor of two. So 16 times the plain definition's largest error, and at least eight roundings of the largest value. A mistake is a thousand times that.
    /// </summary>
    public static double Bound(double[] exact, float[] plain)
    {
        var scale = exact.Max(Math.Abs);
        var error = exact.Zip(plain, (e, p) => Math.Abs(e - p)).Max();
        return Math.Max(16 * error, 8 * Tolerances.U * scale);
    }

    /// <summary>In float32 on the plain kernels.</summary>
    public static float[] OnPlainKernels(Func<float[]> run)
    {
        using var kernels = KernelSet.Use(new PlainKernels());
        return run();
    }

    public static float[] Whole(IVocoder vocoder, Tensor latents)
    {
        using var stream = vocoder.Start();
        return stream.Push(latents, last: true);
    }

    private static AudioVaeConfig AudioConfig(string name) => AudioVaeConfig.Default(name.Contains('2', StringComparison.Ordinal) ? VoxCpmVersion.Two : VoxCpmVersion.One) with
    {
        EncoderDim = 2,
        EncoderRates = [2],
        LatentDim = name == "voxcpm wide" ? 64 : 5,
        DecoderDim = name == "voxcpm wide" ? 1536 : 76,
        DecoderRates = name == "voxcpm wide" ? [8, 5] : [3, 4],
        Depthwise = name != "voxcpm dense",
        RateCondition = name switch
        {
            "voxcpm2" => new([20_000, 30_000, 40_000], RateConditionKind.ScaleBias, 128, OutLayer: false),
            "voxcpm2 added" => new([20_000, 50_000], RateConditionKind.Add, 128, OutLayer: false),
            _ => null,
        },
    };

    private static DecoderCase Audio(AudioVaeConfig config)
    {
        var weights = new RandomWeights(Seed);
        var single = new AudioVae(weights, config);
        var wide = new AudioVae(new GivenWeights(weights.Taken.ToDictionary(), ElementType.Float64), config);
        return new(config.LatentDim, wide.Vocoder(), single.Vocoder(), pool => new FusedVocoder(single, pool));
    }
}
