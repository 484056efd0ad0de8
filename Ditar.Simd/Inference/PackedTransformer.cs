// The weights of a transformer as the fused run reads them: query, key and value are one product, gate and up another, norms are vectors that
// are fused into the making of the next product's rows. Immutable; any number of sessions read it at once.

using Ditar.Reference.Layers;

namespace Ditar.Simd;

internal sealed unsafe class PackedLayer : IDisposable
{
    private readonly NativeBuffer _attentionGain, _feedForwardGain;

    public PackedLayer(TransformerLayer layer, FeedForwardKind kind, WeightFormat format, WorkerPool? pool)
    {
        var (attention, feedForward) = (layer.Attention, layer.FeedForward);
        _attentionGain = PackedLinear.Vector(layer.AttentionNorm.Gain)!;
        _feedForwardGain = PackedLinear.Vector(layer.FeedForwardNorm.Gain)!;
        QueryKeyValue = PackedLinear.PackTogether([attention.Query, attention.Key, attention.Value], format, pool);
        Output = PackedLinear.Pack(attention.Output, format, pool);
        Up = kind == FeedForwardKind.SwiGlu
            ? PackedLinear.PackGated(feedForward.Gate!, feedForward.Up, format, pool)
            : PackedLinear.Pack(feedForward.Up, format, pool);
        Down = PackedLinear.Pack(feedForward.Down, format, pool);
    }

    /// <summary>[width].</summary>
    public float* AttentionGain => _attentionGain.Floats;

    /// <summary>[width].</summary>
    public float* FeedForwardGain => _feedForwardGain.Floats;

    /// <summary>[heads * headDim, then keyHeads * headDim twice; width].</summary>
    public PackedLinear QueryKeyValue { get; }

    /// <summary>[width, heads * headDim].</summary>
    public PackedLinear Output { get; }

    /// <summary>[feedForward, width]; gated where the configuration says so.</summary>
    public PackedLinear Up { get; }

    /// <summary>[width, feedForward].</summary>
    public PackedLinear Down { get; }

    public long Bytes => (long)(_attentionGain.Bytes + _feedForwardGain.Bytes) + QueryKeyValue.Bytes + Output.Bytes + Up.Bytes + Down.Bytes;

    public void Dispose()
    {
        _attentionGain.Dispose();
        _feedForwardGain.Dispose();
        QueryKeyValue.Dispose();
        Output.Dispose();
        Up.Dispose();
        Down.Dispose();
    }
}

internal sealed unsafe class PackedTransformer : IDisposable
{
    private readonly NativeBuffer _gain;

    /// <exception cref="ArgumentException">The rotary table is of another head size.</exception>
    public PackedTransformer(Transformer definition, WeightFormat format, WorkerPool? pool)
    {
        Config = definition.Config;
        Format = format;
        Scale = (float)(1 / Math.Sqrt(Config.HeadDim));
        Rotary = Config.Rotary ? new RotaryTable(definition.Positions) : null;
        if (Rotary is not null && Rotary.HeadDim != Config.HeadDim)
            throw new ArgumentException($"Heads have {Config.HeadDim} dims, the rotary table {Rotary.HeadDim}.", nameof(definition));
        Layers = [.. definition.Layers.Select(layer => new PackedLayer(layer, Config.FeedForwardKind, format, pool))];
        _gain = PackedLinear.Vector(definition.Norm.Gain)!;
        for (var i = 0; i < Layers.Length; i++)
        {
            // A solver runs the layers again and again, so the first follows the last.
            var (layer, next) = (Layers[i], Layers[(i + 1) % Layers.Length]);
            layer.QueryKeyValue.Weight.IsFollowedBy(layer.Output.Weight);
            layer.Output.Weight.IsFollowedBy(layer.Up.Weight);
            layer.Up.Weight.IsFollowedBy(layer.Down.Weight);
            layer.Down.Weight.IsFollowedBy(next.QueryKeyValue.Weight);
        }
    }

    public TransformerConfig Config { get; }

    public WeightFormat Format { get; }

    /// <summary>Null where the model has no positions.</summary>
    public RotaryTable? Rotary { get; }

    public PackedLayer[] Layers { get; }

    /// <summary>[width]: of the last norm, which the caller applies (it is fused with what follows).</summary>
    public float* Gain => _gain.Floats;

    public float Epsilon => (float)Config.NormEpsilon;

    /// <summary>On scores: 1 / sqrt(headDim).</summary>
    public float Scale { get; }

    public int KeyHeads => Config.KeyHeads ?? Config.Heads;

    /// <summary>Values of a row of queries, keys and values.</summary>
    public int QueryKeyValueWidth => (Config.Heads + (2 * KeyHeads)) * Config.HeadDim;

    public long Bytes => Layers.Sum(layer => layer.Bytes) + (Rotary?.Bytes ?? 0) + (long)_gain.Bytes;

    public void Dispose()
    {
        foreach (var layer in Layers)
            layer.Dispose();
        Rotary?.Dispose();
        _gain.Dispose();
    }
}
