// VoxCPM's official weights under the names and in the layouts that our layers ask for.
//   - Its rotary pairs are (i, i + headDim/2), ours (2i, 2i+1): rows of the query and key projections are interleaved. q . k does not change.
//   - Convolutions are stored as g v/|v| with the norm over all axes but the first, as [outputs, channels, kernel] or, transposed,
//     [channels, outputs, kernel]; ours are [outputs, kernel, channels] and [channels, kernel, outputs].

using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Tests.Reference.Golden;

/// <summary>A source of parameters for one transformer, or for linear maps, under a prefix of the official names.</summary>
internal sealed class VoxCpmWeights(GoldenFile file, string prefix, ElementType type) : ParameterSource(type)
{
    private static readonly (string Ours, string Theirs)[] Names =
    [
        ("feed_forward_norm.gain", "post_attention_layernorm.weight"),
        ("attention_norm.gain", "input_layernorm.weight"),
        ("norm.gain", "norm.weight"),
        ("attention.query", "self_attn.q_proj"),
        ("attention.key", "self_attn.k_proj"),
        ("attention.value", "self_attn.v_proj"),
        ("attention.output", "self_attn.o_proj"),
        ("feed_forward.gate", "mlp.gate_proj"),
        ("feed_forward.up", "mlp.up_proj"),
        ("feed_forward.down", "mlp.down_proj"),
    ];

    /// <summary>One of the four stacks.</summary>
    public static Transformer Stack(GoldenFile file, string prefix, ElementType type, bool causal)
    {
        var language = GoldenFolder.Config.GetProperty("lm_config");
        var size = prefix.Split('.')[0] switch
        {
            "feat_encoder" => GoldenFolder.Config.GetProperty("encoder_config"),
            "feat_decoder" => GoldenFolder.Config.GetProperty("dit_config"),
            _ => default,
        };
        var local = size.ValueKind == System.Text.Json.JsonValueKind.Object;
        var layers = local ? size.GetProperty("num_layers").GetInt32()
            : prefix == "residual_lm" ? GoldenFolder.Config.GetProperty("residual_lm_num_layers").GetInt32() : language.GetProperty("num_hidden_layers").GetInt32();
        var width = local ? size.GetProperty("hidden_dim").GetInt32() : language.GetProperty("hidden_size").GetInt32();
        var heads = local ? size.GetProperty("num_heads").GetInt32() : language.GetProperty("num_attention_heads").GetInt32();
        var config = new TransformerConfig(
            layers, width, heads, local ? size.GetProperty("ffn_dim").GetInt32() : language.GetProperty("intermediate_size").GetInt32(), causal,
            HeadDim: local ? size.GetProperty("kv_channels").GetInt32() : width / heads,
            KeyHeads: language.GetProperty("num_key_value_heads").GetInt32(),
            FeedForwardKind: FeedForwardKind.SwiGlu,
            NormEpsilon: language.GetProperty("rms_norm_eps").GetDouble(),
            ResidualScale: language.GetProperty("scale_depth").GetDouble() / Math.Sqrt(layers));
        return new Transformer(new VoxCpmWeights(file, prefix, type).Root, config, GoldenFolder.Positions(type));
    }

    public static Linear Map(GoldenFile file, string name, ElementType type, int inputs, int outputs) =>
        new(new VoxCpmWeights(file, name, type).Root, inputs, outputs, file.Contains(name + ".bias"));

    /// <summary>[outputs, kernel, channels], or [channels, kernel, outputs] of a transposed convolution.</summary>
    public static Tensor Convolution(GoldenFile file, string name, ElementType type)
    {
        var v = file.Read(name + ".weight_v", ElementType.Float64);
        var norm = v.Reshape(v[0], -1).Square().Sum(1).Sqrt().Reshape(v[0], 1, 1);
        return (file.Read(name + ".weight_g", ElementType.Float64) * v / norm).Transpose(1, 2).To(type);
    }

    /// <summary>The columns of each head from the official order into ours, over the last axis.</summary>
    public static Tensor Interleaved(Tensor x, int headDim)
    {
        var halves = x.Reshape([.. x.Shape[..^1], x[-1] / headDim, 2, headDim / 2]);
        return halves.Transpose(-1, -2).Reshape(x.Shape);
    }

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        var theirs = name;
        foreach (var (ours, official) in Names)
        {
            if (!theirs.Contains(ours, StringComparison.Ordinal)) continue;
            theirs = theirs.Replace(ours, official, StringComparison.Ordinal);
            break;
        }

        var tensor = file.Read($"{prefix}.{theirs}", Type);
        Assert.Equal(shape.ToArray(), tensor.Shape.ToArray());
        if (!name.Contains("attention.query", StringComparison.Ordinal) && !name.Contains("attention.key", StringComparison.Ordinal)) return tensor;
        const int headDim = 16;
        return Interleaved(tensor.Transpose(0, 1), headDim).Transpose(0, 1);
    }
}
