// Small tokenizers with odd sizes for the fused codec, in float32 and float64 on the same numbers, and the bound their results are held to.

using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Simd.Codec;

internal static class CodecCases
{
    /// <summary>Channel counts that fit no vector, strides even and odd, one and two blocks side by side.</summary>
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

    public static (Autoencoder Single, Autoencoder Double) Build(VaeConfig config, ulong seed = 7)
    {
        var weights = new RandomWeights(seed);
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
    /// Both float32 runs do the same sums in other orders, so their errors against float64 are of one size. What that size is nothing but a float32 run can say: the
    /// fused codec's largest error may be four times the plain definition's (their maxima over thousands of samples differ by less; a mistake is far
    /// outside), and at least the error of a handful of roundings of the largest value is granted.
    /// </summary>
    public static double Bound(double[] exact, float[] plain)
    {
        var scale = exact.Max(Math.Abs);
        var error = exact.Zip(plain, (e, p) => Math.Abs(e - p)).Max();
        return Math.Max(4 * error, 8 * Tolerances.U * scale);
    }

    /// <summary>In float32 on the plain kernels.</summary>
    public static float[] Plain(Func<Tensor> run)
    {
        using var kernels = KernelSet.Use(new PlainKernels());
        return run().ToSingles();
    }
}
