// config.json of the official checkpoints as values: four transformer stacks that share most of their numbers, the quantiser, the patches, the VAE.
// Defaults are those of the official classes. Training-only keys are not read, nor is cfm_config, which the official inference ignores as well.

using System.Text.Json;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

/// <summary>One transformer.</summary>
/// <param name="Heads">Query heads.</param>
public sealed record VoxCpmStackSize(int Layers, int Width, int Heads, int HeadDim, int FeedForward, bool Rotary);

public sealed record VoxCpmConfig
{
    public const int MaximumBytes = 1 << 20;
    private const int MostLayers = 512;
    private const int MostWidth = 65536;
    private const int MostHeads = 1024;
    private const int MostFeedForward = 1 << 18;
    private const int MostPositions = 1 << 18;

    public required VoxCpmVersion Version { get; init; }

    public required VoxCpmStackSize Base { get; init; }

    public required VoxCpmStackSize Residual { get; init; }

    public required VoxCpmStackSize Encoder { get; init; }

    public required VoxCpmStackSize Diffusion { get; init; }

    /// <summary>Key and value heads of every stack.</summary>
    public required int KeyHeads { get; init; }

    public required int Vocabulary { get; init; }

    public required double NormEpsilon { get; init; }

    public required LongRope Rotary { get; init; }

    /// <summary>Null without mup: embeddings and branches keep their size.</summary>
    public MupScales? Mup { get; init; }

    /// <summary>P.</summary>
    public required int PatchSize { get; init; }

    /// <summary>D.</summary>
    public required int LatentDim { get; init; }

    public required int QuantiserDim { get; init; }

    public required double QuantiserScale { get; init; }

    /// <summary>LocDiT is told the length of each solver step; no released model.</summary>
    public bool MeanMode { get; init; }

    /// <summary>Longest sequence of the language models.</summary>
    public required int MaxLength { get; init; }

    /// <summary>What the official code would compute in: bfloat16, float16 or float32. We compute in float32 whatever it says.</summary>
    public required string NumberType { get; init; }

    public required AudioVaeConfig Vae { get; init; }

    /// <summary>Tokens of the conditions in front of LocDiT's latents: the sum with the time (version 1), or both and the time.</summary>
    public int ConditionTokens => Version == VoxCpmVersion.Two ? 3 : 1;

    /// <summary>Numbers that condition a patch: one projection's width, or both side by side.</summary>
    public int ConditionWidth => Version == VoxCpmVersion.Two ? 2 * Diffusion.Width : Diffusion.Width;

    /// <summary>Positions that both the rotary tables and the cache have.</summary>
    public int Positions => Math.Min(MaxLength, Rotary.MaxPositions);

    /// <exception cref="CheckpointException">The file is missing, is not JSON, or a value cannot be.</exception>
    public static VoxCpmConfig Read(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumBytes) throw new CheckpointException(path, null, $"at most {MaximumBytes} bytes", $"{length}");
            using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 16 });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new CheckpointException(path, null, "an object", json.RootElement.ValueKind.ToString());
            return Parse(new ConfigSection(path, json.RootElement, ""));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, null, "a file of the checkpoint", "nothing there", error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-16.
            throw new CheckpointException(path, null, "valid JSON, nested at most 16 deep", error.Message, error);
        }
    }

    /// <summary>A stack's transformer.</summary>
    /// <param name="positions">Of its rotary tables.</param>
    public TransformerConfig Transformer(VoxCpmStackSize stack, bool causal, int positions) => new(
        stack.Layers, stack.Width, stack.Heads, stack.FeedForward, causal, stack.HeadDim, KeyHeads, FeedForwardKind.SwiGlu, NormEpsilon,
        Mup?.Branch(stack.Layers) ?? 1, Rotary.Theta, positions)
    { Rotary = stack.Rotary };

    private static VoxCpmConfig Parse(ConfigSection root)
    {
        var version = root.Text("architecture", "voxcpm").ToLowerInvariant() switch
        {
            "voxcpm" => VoxCpmVersion.One,
            "voxcpm2" => VoxCpmVersion.Two,
            var other => throw root.Fault("architecture", "\"voxcpm\" or \"voxcpm2\"", MalformedFileException.Quote(other)),
        };
        var two = version == VoxCpmVersion.Two;
        var language = root.Section("lm_config");
        var keyHeads = language.Integer("num_key_value_heads", null, 1, MostHeads);
        var rotary = !language.Flag("no_rope", false);
        var width = language.Integer("hidden_size", null, 1, MostWidth);
        var heads = language.Integer("num_attention_heads", null, 1, MostHeads);
        var main = Checked(language, keyHeads, new(
            language.Integer("num_hidden_layers", null, 1, MostLayers), width, heads,
            HeadDim(language, width, heads), language.Integer("intermediate_size", null, 1, MostFeedForward), rotary));
        var meanMode = (two ? root.Section("dit_config") : root).Flag("dit_mean_mode", false);
        var config = new VoxCpmConfig
        {
            Version = version,
            Base = main,
            Residual = main with
            {
                Layers = root.Integer("residual_lm_num_layers", two ? 8 : 6, 1, MostLayers),
                Rotary = two ? !root.Flag("residual_lm_no_rope", false) : rotary,
            },
            Encoder = Local(root.Section("encoder_config"), keyHeads, rotary),
            Diffusion = Local(root.Section("dit_config"), keyHeads, rotary),
            KeyHeads = keyHeads,
            Vocabulary = language.Integer("vocab_size", null, 1, 1 << 22),
            NormEpsilon = language.Number("rms_norm_eps", 1e-5, 1e-30, 1),
            Rotary = LongRope.Read(language),
            Mup = language.Flag("use_mup", true)
                ? new(language.Number("scale_emb", null, -1e6, 1e6), language.Number("scale_depth", null, -1e6, 1e6))
                : null,
            PatchSize = root.Integer("patch_size", two ? 4 : 2, 1, 64),
            LatentDim = root.Integer("feat_dim", 64, 1, 4096),
            QuantiserDim = root.Integer("scalar_quantization_latent_dim", two ? 512 : 256, 1, MostWidth),
            QuantiserScale = root.Number("scalar_quantization_scale", 9, 1, 1e6),
            MeanMode = meanMode,
            MaxLength = root.Integer("max_length", two ? 8192 : 4096, 1, MostPositions),
            NumberType = NumberTypeOf(root),
            Vae = AudioVaeConfig.Read(root.Section("audio_vae_config"), version),
        };
        if (config.Vae.LatentDim != config.LatentDim)
            throw root.Fault("feat_dim", $"the VAE's {config.Vae.LatentDim}", $"{config.LatentDim}");
        foreach (var stack in new[] { config.Base, config.Residual, config.Encoder, config.Diffusion })
        {
            if (stack.Rotary && config.Rotary.Factors is { } factors && factors.Count != stack.HeadDim / 2)
                throw language.Fault("rope_scaling", $"{stack.HeadDim / 2} factors for heads of {stack.HeadDim} dims", $"{factors.Count}");
        }

        if (config.Diffusion.Width % 2 != 0) throw root.Fault("dit_config.hidden_dim", "an even width, half sines and half cosines", $"{config.Diffusion.Width}");
        return config;
    }

    // Both spellings of the local stacks' keys are met.
    private static VoxCpmStackSize Local(ConfigSection section, int keyHeads, bool rotary)
    {
        var width = Either("hidden_dim", "hidden_size", 1024, MostWidth);
        var heads = Either("num_heads", "num_attention_heads", 16, MostHeads);
        return Checked(section, keyHeads, new(
            Either("num_layers", "num_hidden_layers", 4, MostLayers), width, heads,
            HeadDim(section, width, heads), Either("ffn_dim", "intermediate_size", 4096, MostFeedForward), rotary));

        int Either(string key, string other, int missing, int highest) => section.Integer(section.Has(key) ? key : other, missing, 1, highest);
    }

    private static int HeadDim(ConfigSection section, int width, int heads) =>
        section.Integer("kv_channels", 0, 0, 1024) is var given && given > 0 ? given : Math.Max(1, width / heads);

    private static VoxCpmStackSize Checked(ConfigSection section, int keyHeads, VoxCpmStackSize stack)
    {
        if (stack.Heads % keyHeads != 0) throw section.Fault("num_heads", $"a multiple of the {keyHeads} key heads", $"{stack.Heads}");
        if (stack.HeadDim % 2 != 0) throw section.Fault("kv_channels", "heads of an even number of dims", $"{stack.HeadDim}");
        return stack;
    }

    private static string NumberTypeOf(ConfigSection root) => root.Text("dtype", "bfloat16") switch
    {
        "bfloat16" or "bf16" => "bfloat16",
        "float16" or "fp16" => "float16",
        "float32" or "fp32" => "float32",
        var other => throw root.Fault("dtype", "bfloat16, float16 or float32", MalformedFileException.Quote(other)),
    };
}
