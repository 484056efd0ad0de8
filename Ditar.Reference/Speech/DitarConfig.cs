// The sizes of a DiTAR model: the paper's table 8 by name, and the bundled tiny one (recipe, section 4). What the paper leaves open is a value here.

using Ditar.Reference.Layers;

namespace Ditar.Reference.Speech;

/// <param name="Heads">Of 64 dims each.</param>
/// <param name="FeedForward">Hidden width.</param>
public sealed record StackSize(int Layers, int Width, int Heads, int FeedForward);

/// <summary>Everything that fixes the shapes of a model.</summary>
public sealed record DitarConfig
{
    /// <summary>Symbols of the tokenizer, audio-start included.</summary>
    public required int Symbols { get; init; }

    /// <summary>D: dims of a latent.</summary>
    public int LatentDim { get; init; } = 64;

    /// <summary>P: latents per patch.</summary>
    public int PatchSize { get; init; } = 4;

    /// <summary>K: clean history patches that LocDiT sees.</summary>
    public int HistoryPatches { get; init; } = 1;

    public required StackSize Encoder { get; init; }

    public required StackSize LanguageModel { get; init; }

    /// <summary>LocDiT.</summary>
    public required StackSize Diffusion { get; init; }

    public int HeadDim { get; init; } = 64;

    public FeedForwardKind FeedForwardKind { get; init; } = FeedForwardKind.Gelu;

    public double NormEpsilon { get; init; } = 1e-5;

    public double RotaryBase { get; init; } = RotaryPositions.DefaultBase;

    /// <summary>Longest sequence of the language model: text symbols, audio-start and patches together.</summary>
    public int MaxPositions { get; init; } = 2048;

    /// <summary>Tokens of one LocDiT sequence: the prefix, K*P clean latents, P noisy ones.</summary>
    public int DiffusionTokens => 1 + (HistoryPatches * PatchSize) + PatchSize;

    /// <summary>The bundled model: 16 kHz, D = 32.</summary>
    public static DitarConfig Tiny(int symbols) => new()
    {
        Symbols = symbols,
        LatentDim = 32,
        Encoder = new(2, 128, 2, 512),
        LanguageModel = new(6, 192, 3, 768),
        Diffusion = new(3, 128, 2, 512),
    };

    /// <summary>The names that <see cref="Named"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tiny", "0.1B", "0.4B", "0.6B", "1B"];

    /// <summary>A size of the paper (table 8), or "tiny".</summary>
    /// <exception cref="ArgumentException">No such name; the message lists those there are.</exception>
    public static DitarConfig Named(string name, int symbols) => name switch
    {
        "tiny" => Tiny(symbols),
        "0.1B" => Paper(symbols, new(4, 512, 8, 2048), new(24, 512, 8, 1024)),
        "0.4B" => Paper(symbols, new(4, 1024, 16, 4096), new(24, 1024, 16, 4096)),
        "0.6B" => Paper(symbols, new(6, 1024, 16, 4096), new(36, 1024, 16, 4096)),
        "1B" => Paper(symbols, new(8, 1024, 16, 4096), new(24, 1536, 24, 6144)),
        _ => throw new ArgumentException($"No size is called '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>Refuses values that make no model, before anything is allocated.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Fault()
    {
        foreach (var (name, stack) in new[] { ("encoder", Encoder), ("language model", LanguageModel), ("diffusion", Diffusion) })
        {
            if (stack.Layers is < 1 or > 512) return $"the {name} has {stack.Layers} layers; 1 to 512 are possible";
            if (stack.Width is < 1 or > 65536) return $"the {name} is {stack.Width} wide; 1 to 65536 are possible";
            if (stack.Heads is < 1 or > 1024) return $"the {name} has {stack.Heads} heads; 1 to 1024 are possible";
            if (stack.FeedForward is < 1 or > 262144) return $"the {name}'s feed-forward is {stack.FeedForward} wide; 1 to 262144 are possible";
        }

        if (Symbols is < 2 or > 1_000_000) return $"{Symbols} symbols; 2 to 1000000 are possible";
        if (LatentDim is < 1 or > 4096) return $"latents of {LatentDim} dims; 1 to 4096 are possible";
        if (PatchSize is < 1 or > 64) return $"patches of {PatchSize} latents; 1 to 64 are possible";
        if (HistoryPatches is < 0 or > 16) return $"{HistoryPatches} history patches; 0 to 16 are possible";
        if (HeadDim is < 2 or > 1024 || HeadDim % 2 != 0) return $"heads of {HeadDim} dims; an even number up to 1024 is possible";
        if (MaxPositions is < 16 or > 1_000_000) return $"{MaxPositions} positions; 16 to 1000000 are possible";
        if (!(NormEpsilon is > 0 and < 1)) return $"a norm epsilon of {NormEpsilon}; it lies between 0 and 1";
        if (!(RotaryBase is > 1 and < 1e12)) return $"a rotary base of {RotaryBase}; it lies between 1 and 1e12";
        return null;
    }

    internal TransformerConfig Stack(StackSize size, bool causal, int positions) => new(
        size.Layers, size.Width, size.Heads, size.FeedForward, causal, HeadDim, null, FeedForwardKind, NormEpsilon, 1, RotaryBase, positions);

    private static DitarConfig Paper(int symbols, StackSize local, StackSize languageModel) =>
        new() { Symbols = symbols, Encoder = local, LanguageModel = languageModel, Diffusion = local };
}
