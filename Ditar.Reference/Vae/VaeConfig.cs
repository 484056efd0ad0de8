// The numbers that define a speech tokenizer (spec section 2). Defaults are the tiny 16 kHz model's; 24 kHz takes strides 5, 5, 6, 4 and a hop of 600.

namespace Ditar.Reference.Vae;

/// <summary>Encoder, latents, and one of two decoders.</summary>
public sealed record VaeConfig
{
    public const string InverseStftKind = "istft";
    public const string BigVganKind = "bigvgan";

    /// <summary>In Hz.</summary>
    public int SampleRate { get; init; } = 16_000;

    /// <summary>Downsampling of each encoder stage; their product is the hop.</summary>
    public IReadOnlyList<int> Strides { get; init; } = [5, 5, 4, 4];

    /// <summary>Channels after each encoder stage.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [24, 48, 96, 192];

    /// <summary>D.</summary>
    public int LatentDim { get; init; } = 32;

    /// <summary><see cref="InverseStftKind"/> or <see cref="BigVganKind"/>.</summary>
    public string Decoder { get; init; } = InverseStftKind;

    /// <summary>Latents after a latent that shape its sound; the decoder's only sight of the future apart from filters and overlapping windows.</summary>
    public int LookAhead { get; init; } = 3;

    public InverseStftConfig InverseStft { get; init; } = new();

    public BigVganConfig BigVgan { get; init; } = new();

    /// <summary>Samples per latent.</summary>
    public int Hop => Strides.Aggregate(1, (product, stride) => checked(product * stride));

    /// <exception cref="ArgumentException">A number is absurd or two contradict each other.</exception>
    public void Validate()
    {
        Limits.Check(SampleRate, 1_000, 384_000, nameof(SampleRate));
        Limits.Check(LatentDim, 1, 4_096, nameof(LatentDim));
        Limits.Check(LookAhead, 0, 64, nameof(LookAhead));
        Limits.CheckAll(Strides, 1, 64, nameof(Strides));
        Limits.CheckAll(Channels, 1, 8_192, nameof(Channels));
        if (Strides.Count != Channels.Count)
            throw new ArgumentException($"The VAE's {nameof(Channels)} must be as many as its {nameof(Strides)} ({Strides.Count}), found {Channels.Count}.");
        if (Strides.Aggregate(1L, (product, stride) => Math.Min(product * stride, 1 << 20)) > 1 << 16)
            throw new ArgumentException($"The VAE's {nameof(Strides)} multiply to more than {1 << 16} samples per latent.");
        switch (Decoder)
        {
            case InverseStftKind:
                InverseStft.Validate(Hop);
                break;
            case BigVganKind:
                BigVgan.Validate(Hop);
                break;
            default:
                throw new ArgumentException($"The VAE's {nameof(Decoder)} must be \"{InverseStftKind}\" or \"{BigVganKind}\", found \"{Decoder}\".");
        }
    }
}

/// <summary>Sizes of the inverse-STFT decoder.</summary>
public sealed record InverseStftConfig
{
    public int Width { get; init; } = 192;

    /// <summary>Inner width of the ConvNeXt blocks.</summary>
    public int Hidden { get; init; } = 576;

    /// <summary>Depthwise kernel of the ConvNeXt blocks.</summary>
    public int Kernel { get; init; } = 7;

    /// <summary>Blocks at the latent rate.</summary>
    public int LatentBlocks { get; init; } = 2;

    /// <summary>Spectral frames per latent.</summary>
    public int Upsample { get; init; } = 4;

    /// <summary>Blocks at the frame rate.</summary>
    public int FrameBlocks { get; init; } = 5;

    /// <summary>Points of the inverse transform; frames are hop / Upsample samples apart.</summary>
    public int Window { get; init; } = 400;

    internal void Validate(int hop)
    {
        Limits.Check(Width, 1, 8_192, nameof(Width));
        Limits.Check(Hidden, 1, 32_768, nameof(Hidden));
        Limits.Check(Kernel, 1, 63, nameof(Kernel));
        Limits.Check(LatentBlocks, 0, 64, nameof(LatentBlocks));
        Limits.Check(FrameBlocks, 0, 64, nameof(FrameBlocks));
        Limits.Check(Upsample, 1, 64, nameof(Upsample));
        Limits.Check(Window, 4, 16_384, nameof(Window));
        if (hop % Upsample != 0) throw new ArgumentException($"The VAE's hop of {hop} samples is not a multiple of {nameof(Upsample)} = {Upsample}.");
        var frameHop = hop / Upsample;
        if (Window % 2 != 0 || (Window - frameHop) % 2 != 0 || Window < 2 * frameHop)
            throw new ArgumentException($"The inverse STFT needs an even {nameof(Window)} of at least two frame hops ({frameHop} samples) with an even overlap, found {Window}.");
    }
}

/// <summary>Sizes of the BigVGAN-style decoder.</summary>
public sealed record BigVganConfig
{
    /// <summary>Channels before the first up-sampling and after each.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [256, 192, 96, 48, 16];

    /// <summary>Factors of the up-sampling stages; their product is the hop.</summary>
    public IReadOnlyList<int> Upsample { get; init; } = [4, 4, 5, 5];

    /// <summary>Kernels of the AMP blocks that run side by side in each stage and are averaged.</summary>
    public IReadOnlyList<int> Kernels { get; init; } = [3];

    /// <summary>Dilations inside each AMP block.</summary>
    public IReadOnlyList<int> Dilations { get; init; } = [1, 3, 9];

    internal void Validate(int hop)
    {
        Limits.CheckAll(Channels, 1, 8_192, nameof(Channels));
        Limits.CheckAll(Upsample, 1, 64, nameof(Upsample));
        Limits.CheckAll(Kernels, 1, 63, nameof(Kernels));
        Limits.CheckAll(Dilations, 1, 243, nameof(Dilations));
        if (Channels.Count != Upsample.Count + 1)
            throw new ArgumentException($"BigVGAN's {nameof(Channels)} must be one more than its {nameof(Upsample)} ({Upsample.Count}), found {Channels.Count}.");
        var product = Upsample.Aggregate(1L, (p, factor) => Math.Min(p * factor, 1 << 20));
        if (product != hop) throw new ArgumentException($"BigVGAN's {nameof(Upsample)} must multiply to the hop of {hop} samples, found {product}.");
    }
}

internal static class Limits
{
    public static void Check(int value, int lowest, int highest, string name)
    {
        if (value < lowest || value > highest) throw new ArgumentException($"The VAE's {name} must be {lowest} to {highest}, found {value}.");
    }

    public static void CheckAll(IReadOnlyList<int>? values, int lowest, int highest, string name)
    {
        if (values is null || values.Count is 0 or > 16) throw new ArgumentException($"The VAE's {name} must be a list of 1 to 16 numbers, found {values?.Count ?? 0}.");
        foreach (var value in values) Check(value, lowest, highest, name);
    }
}
