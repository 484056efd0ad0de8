// The sizes of VoxCPM's speech tokenizer (audio_vae_config of the official config.json). Defaults are the official classes': version 1 keeps one sample
// rate, version 2 reads 16 kHz, writes 48 kHz, and tells its decoder which rate the sound shall have.

namespace Ditar.Reference.VoxCpm;

/// <summary>How the decoder's blocks are told the output rate.</summary>
public enum RateConditionKind
{
    /// <summary>x * scale[rate] + bias[rate]; also spelled scale_bias_init.</summary>
    ScaleBias,

    /// <summary>x + table[rate].</summary>
    Add,

    /// <summary>[x, table[rate]], then Snake and a pointwise convolution.</summary>
    Concat,
}

/// <param name="Boundaries">Output rates in Hz; the bucket of a rate is the number of boundaries below it.</param>
/// <param name="Dim">Width of the table for <see cref="RateConditionKind.Concat"/>.</param>
/// <param name="OutLayer">Snake and a pointwise convolution follow.</param>
public sealed record RateConditionConfig(IReadOnlyList<int> Boundaries, RateConditionKind Kind, int Dim, bool OutLayer)
{
    /// <summary>Rows of each table.</summary>
    public int Buckets => Boundaries.Count + 1;

    /// <summary>A boundary itself belongs to the bucket below it.</summary>
    public int BucketOf(int rate) => Boundaries.Count(boundary => boundary < rate);
}

public sealed record AudioVaeConfig
{
    public required int EncoderDim { get; init; }

    /// <summary>Stride of each encoder block; the channels double in each.</summary>
    public required IReadOnlyList<int> EncoderRates { get; init; }

    /// <summary>D.</summary>
    public required int LatentDim { get; init; }

    public required int DecoderDim { get; init; }

    /// <summary>Up-sampling of each decoder block; the channels halve in each.</summary>
    public required IReadOnlyList<int> DecoderRates { get; init; }

    /// <summary>One filter per channel in the residual units and at the decoder's entry.</summary>
    public bool Depthwise { get; init; } = true;

    /// <summary>Seeded noise after each up-sampling, as loud as a learned map of the signal says; no released model has it.</summary>
    public bool NoiseBlock { get; init; }

    /// <summary>Of the encoder, in Hz.</summary>
    public required int SampleRate { get; init; }

    /// <summary>Of the decoder, in Hz.</summary>
    public required int OutputRate { get; init; }

    /// <summary>Version 1 pads a strided convolution by its stride rounded up to even, version 2 by its stride.</summary>
    public required bool EvenPadding { get; init; }

    /// <summary>Null when the decoder knows no rates.</summary>
    public RateConditionConfig? RateCondition { get; init; }

    /// <summary>Samples read for one latent.</summary>
    public int EncoderHop => EncoderRates.Aggregate(1, (product, rate) => checked(product * rate));

    /// <summary>Samples written for one latent.</summary>
    public int DecoderHop => DecoderRates.Aggregate(1, (product, rate) => checked(product * rate));

    /// <summary>Channels before decoder block i; after the last for i = their number.</summary>
    public int DecoderChannels(int block) => DecoderDim >> block;

    /// <summary>Channels before encoder block i; after the last for i = their number.</summary>
    public int EncoderChannels(int block) => EncoderDim << block;

    /// <summary>Index of the first block among the decoder's layers.</summary>
    public int FirstDecoderBlock => Depthwise ? 2 : 1;

    /// <summary>Class defaults.</summary>
    public static AudioVaeConfig Default(VoxCpmVersion version) => version == VoxCpmVersion.Two
        ? new()
        {
            EncoderDim = 128,
            EncoderRates = [2, 5, 8, 8],
            LatentDim = 64,
            DecoderDim = 2048,
            DecoderRates = [8, 6, 5, 2, 2, 2],
            SampleRate = 16_000,
            OutputRate = 48_000,
            EvenPadding = false,
            RateCondition = new([20_000, 30_000, 40_000], RateConditionKind.ScaleBias, 128, OutLayer: false),
        }
        : new()
        {
            EncoderDim = 128,
            EncoderRates = [2, 5, 8, 8],
            LatentDim = 64,
            DecoderDim = 1536,
            DecoderRates = [8, 8, 5, 2],
            SampleRate = 16_000,
            OutputRate = 16_000,
            EvenPadding = true,
        };

    internal static AudioVaeConfig Read(ConfigSection section, VoxCpmVersion version)
    {
        var missing = Default(version);
        var two = version == VoxCpmVersion.Two;
        var (dim, rates) = (section.Integer("encoder_dim", missing.EncoderDim, 1, 65536), section.Integers("encoder_rates", 1, 64, 12) ?? missing.EncoderRates);
        var config = missing with
        {
            EncoderDim = dim,
            EncoderRates = rates,
            LatentDim = section.SaysNull("latent_dim") ? (int)Math.Min((long)dim << rates.Count, int.MaxValue) : section.Integer("latent_dim", missing.LatentDim, 1, 4096),
            DecoderDim = section.Integer("decoder_dim", missing.DecoderDim, 1, 65536),
            DecoderRates = section.Integers("decoder_rates", 1, 64, 12) ?? missing.DecoderRates,
            Depthwise = section.Flag("depthwise", true),
            NoiseBlock = section.Flag("use_noise_block", false),
            SampleRate = section.Integer("sample_rate", missing.SampleRate, 1000, 384_000),
            RateCondition = two && !section.SaysNull("sr_bin_boundaries") ? ReadCondition(section, missing.RateCondition!) : null,
        };
        config = config with { OutputRate = two ? section.Integer("out_sample_rate", missing.OutputRate, 1000, 384_000) : config.SampleRate };
        return config.Fault() is { } fault ? throw section.Fault("", "sizes that make a network", fault) : config;
    }

    private static RateConditionConfig ReadCondition(ConfigSection section, RateConditionConfig missing) => new(
        section.Integers("sr_bin_boundaries", 0, int.MaxValue, 64) ?? missing.Boundaries,
        section.Text("cond_type", "scale_bias") switch
        {
            "scale_bias" or "scale_bias_init" => RateConditionKind.ScaleBias,
            "add" => RateConditionKind.Add,
            "concat" => RateConditionKind.Concat,
            var other => throw section.Fault("cond_type", "scale_bias, scale_bias_init, add or concat", Files.MalformedFileException.Quote(other)),
        },
        section.Integer("cond_dim", missing.Dim, 1, 4096),
        section.Flag("cond_out_layer", false));

    /// <summary>Refuses values that make no network, before anything is allocated.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Fault()
    {
        foreach (var (name, rates) in new[] { ("encoder_rates", EncoderRates), ("decoder_rates", DecoderRates) })
        {
            if (rates.Count is < 1 or > 12) return $"{rates.Count} {name}; 1 to 12 are possible";
            if (rates.Any(rate => rate is < 1 or > 64)) return $"{name} [{string.Join(", ", rates)}]; each lies between 1 and 64";
            if (rates.Aggregate(1L, (product, rate) => Math.Min(product * rate, 1 << 20)) > 1 << 16) return $"{name} that multiply to more than {1 << 16}";
        }

        if (LatentDim is < 1 or > 4096) return $"latents of {LatentDim} dims; 1 to 4096 are possible";
        if (EncoderDim < 1 || (long)EncoderDim << EncoderRates.Count > 65536) return $"encoder_dim {EncoderDim}, doubled {EncoderRates.Count} times; at most 65536 channels are possible";
        if (DecoderDim is < 1 or > 65536 || DecoderDim % (1 << DecoderRates.Count) != 0)
            return $"decoder_dim {DecoderDim}; it can be halved {DecoderRates.Count} times and is at most 65536";
        if (SampleRate is < 1000 or > 384_000) return $"a sample rate of {SampleRate} Hz; 1000 to 384000 are possible";
        if (OutputRate is < 1000 or > 384_000) return $"an output rate of {OutputRate} Hz; 1000 to 384000 are possible";
        if (RateCondition is not { } condition) return null;
        if (condition.Boundaries.Count > 64) return $"{condition.Boundaries.Count} sr_bin_boundaries; at most 64 are possible";
        if (condition.Dim is < 1 or > 4096) return $"cond_dim {condition.Dim}; 1 to 4096 are possible";
        return condition.Kind == RateConditionKind.Concat && !condition.OutLayer ? "cond_type concat without cond_out_layer" : null;
    }
}
