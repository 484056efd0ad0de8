// The pre-norm transformer that DiTAR uses three times (spec, section 1):
//     x <- x + c attention(norm(x)),   x <- x + c feedForward(norm(x)),   and one last norm;  c = 1 except in VoxCPM's mup models.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

/// <param name="ResidualScale">c above.</param>
/// <param name="MaxPositions">Length of the rotary tables.</param>
public sealed record TransformerConfig(
    int Layers, int Width, int Heads, int FeedForward,
    bool Causal,
    int HeadDim = 64,
    int? KeyHeads = null,
    FeedForwardKind FeedForwardKind = FeedForwardKind.Gelu,
    double NormEpsilon = 1e-5,
    double ResidualScale = 1,
    double RotaryBase = RotaryPositions.DefaultBase,
    int MaxPositions = 4096)
{
    /// <summary>False for a stack that knows no positions.</summary>
    public bool Rotary { get; init; } = true;
}

public sealed class TransformerLayer
{
    private readonly double residualScale;
    private readonly string path;

    public TransformerLayer(ParameterScope scope, TransformerConfig config)
    {
        // Every layer writes twice into the residual stream; small starts keep its variance near that of the input whatever the depth (recipe, section 4).
        var writes = new Start.Normal(0.04 / Math.Sqrt(2 * config.Layers));
        residualScale = config.ResidualScale;
        path = scope.Path;
        AttentionNorm = new RmsNorm(scope["attention_norm"], config.Width, config.NormEpsilon);
        Attention = new Attention(scope["attention"], new AttentionConfig(config.Width, config.Heads, config.KeyHeads ?? config.Heads, config.HeadDim, config.Causal), writes);
        FeedForwardNorm = new RmsNorm(scope["feed_forward_norm"], config.Width, config.NormEpsilon);
        FeedForward = new FeedForward(scope["feed_forward"], config.FeedForwardKind, config.Width, config.FeedForward, writes);
    }

    public RmsNorm AttentionNorm { get; }

    public Attention Attention { get; }

    public RmsNorm FeedForwardNorm { get; }

    public FeedForward FeedForward { get; }

    /// <param name="x">[batch, time, width].</param>
    /// <returns>[batch, time, width].</returns>
    public Tensor Forward(Tensor x, RotaryPositions? positions, KeyValueCache? cache = null, Tensor? mask = null)
    {
        var here = Module.Enter(path);
        x += Scaled(Attention.Forward(AttentionNorm.Forward(x), positions, cache, mask));
        return here.Output(x + Scaled(FeedForward.Forward(FeedForwardNorm.Forward(x))));
    }

    private Tensor Scaled(Tensor branch) => residualScale == 1 ? branch : branch * residualScale;
}

public sealed class Transformer
{
    private readonly string path;

    public Transformer(ParameterScope scope, TransformerConfig config, RotaryPositions? positions = null)
    {
        path = scope.Path;
        Config = config;
        Positions = positions ?? new RotaryPositions(scope.Type, config.MaxPositions, config.HeadDim, config.RotaryBase);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(i => new TransformerLayer(scope["layers"][i], config))];
        Norm = new RmsNorm(scope["norm"], config.Width, config.NormEpsilon);
    }

    public TransformerConfig Config { get; }

    /// <summary>Unused where the configuration says so.</summary>
    public RotaryPositions Positions { get; }

    public IReadOnlyList<TransformerLayer> Layers { get; }

    public RmsNorm Norm { get; }

    /// <param name="x">[batch, time, width].</param>
    /// <param name="caches">One per layer; null for whole sequences.</param>
    /// <param name="mask">[time, keys] added to the scores.</param>
    /// <returns>[batch, time, width] after the last norm.</returns>
    public Tensor Forward(Tensor x, IReadOnlyList<KeyValueCache>? caches = null, Tensor? mask = null)
    {
        var here = Module.Enter(path);
        for (var i = 0; i < Layers.Count; i++) x = Layers[i].Forward(x, Config.Rotary ? Positions : null, caches?[i], mask);
        return here.Output(Norm.Forward(x));
    }

    /// <summary>Empty caches, one per layer.</summary>
    public IReadOnlyList<KeyValueCache> StartCaches() => [.. Layers.Select(_ => new KeyValueCache())];
}
