// Multi-head attention with grouped queries: softmax(q k^T / sqrt(headDim) + mask) v, heads side by side, one output projection (spec, section 1).
// No biases (ours). Positions are rotary and optional.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

/// <param name="Heads">Query heads.</param>
/// <param name="KeyHeads">Key and value heads; divides Heads.</param>
public sealed record AttentionConfig(int Width, int Heads, int KeyHeads, int HeadDim, bool Causal);

public sealed class Attention
{
    private readonly AttentionConfig config;
    private readonly string path;

    /// <param name="output">Start of the projection that writes to the residual stream.</param>
    public Attention(ParameterScope scope, AttentionConfig config, Start? output = null)
    {
        this.config = config;
        path = scope.Path;
        Query = new Linear(scope["query"], config.Width, config.Heads * config.HeadDim, bias: false);
        Key = new Linear(scope["key"], config.Width, config.KeyHeads * config.HeadDim, bias: false);
        Value = new Linear(scope["value"], config.Width, config.KeyHeads * config.HeadDim, bias: false);
        Output = new Linear(scope["output"], config.Heads * config.HeadDim, config.Width, bias: false, output);
    }

    public Linear Query { get; }

    public Linear Key { get; }

    public Linear Value { get; }

    public Linear Output { get; }

    /// <param name="x">[batch, time, width].</param>
    /// <param name="positions">Null for none.</param>
    /// <param name="cache">Past keys and values, which this call appends to; null for a sequence on its own.</param>
    /// <param name="mask">[time, keys] added to the scores; null for none.</param>
    /// <returns>[batch, time, width].</returns>
    public Tensor Forward(Tensor x, RotaryPositions? positions, KeyValueCache? cache = null, Tensor? mask = null)
    {
        var here = Module.Enter(path);
        var past = cache?.Length ?? 0;
        var q = Query.Forward(x).Reshape(x[0], x[1], config.Heads, config.HeadDim);              // [batch, time, heads, headDim]
        var k = Key.Forward(x).Reshape(x[0], x[1], config.KeyHeads, config.HeadDim);
        var v = Value.Forward(x).Reshape(x[0], x[1], config.KeyHeads, config.HeadDim);
        if (positions is not null)
        {
            q = positions.Rotate(q, past);
            k = positions.Rotate(k, past);
        }

        if (cache is not null) (k, v) = cache.Append(k, v);                                        // [1, past + time, keyHeads, headDim]
        var heads = q.Attention(k, v, 1 / Math.Sqrt(config.HeadDim), config.Causal, mask);
        return here.Output(Output.Forward(heads.Reshape(x[0], x[1], config.Heads * config.HeadDim))); // [batch, time, width]
    }
}
