// The tensors of an official model file, and which of our parameters each is.

namespace Ditar.Reference.VoxCpm;

public static class VoxCpmLayout
{
    /// <summary>Modules, ours to official; the first that fits counts.</summary>
    private static readonly (string Ours, string Official)[] Modules =
    [
        ("encoder.special_token", "feat_encoder.special_token"),
        ("encoder.input.", "feat_encoder.in_proj."),
        ("encoder.transformer.", "feat_encoder.encoder."),
        ("encoder.output.", "enc_to_lm_proj."),
        ("language_model.symbols", "base_lm.embed_tokens.weight"),
        ("language_model.base.", "base_lm."),
        ("language_model.residual.", "residual_lm."),
        ("language_model.quantiser.input.", "fsq_layer.in_proj."),
        ("language_model.quantiser.output.", "fsq_layer.out_proj."),
        ("language_model.fusion.", "fusion_concat_proj."),
        ("language_model.base_condition.", "lm_to_dit_proj."),
        ("language_model.residual_condition.", "res_to_dit_proj."),
        ("language_model.stop_input.", "stop_proj."),
        ("language_model.stop_output.", "stop_head."),
        ("diffusion.time.first.", "feat_decoder.estimator.time_mlp.linear_1."),
        ("diffusion.time.second.", "feat_decoder.estimator.time_mlp.linear_2."),
        ("diffusion.step.first.", "feat_decoder.estimator.delta_time_mlp.linear_1."),
        ("diffusion.step.second.", "feat_decoder.estimator.delta_time_mlp.linear_2."),
        ("diffusion.history.", "feat_decoder.estimator.cond_proj."),
        ("diffusion.noisy.", "feat_decoder.estimator.in_proj."),
        ("diffusion.transformer.", "feat_decoder.estimator.decoder."),
        ("diffusion.output.", "feat_decoder.estimator.out_proj."),
    ];

    /// <summary>Parts of a transformer, ours to official.</summary>
    private static readonly (string Ours, string Official)[] Parts =
    [
        ("feed_forward_norm.gain", "post_attention_layernorm.weight"),
        ("attention_norm.gain", "input_layernorm.weight"),
        ("norm.gain", "norm.weight"),
        ("attention.query.", "self_attn.q_proj."),
        ("attention.key.", "self_attn.k_proj."),
        ("attention.value.", "self_attn.v_proj."),
        ("attention.output.", "self_attn.o_proj."),
        ("feed_forward.gate.", "mlp.gate_proj."),
        ("feed_forward.up.", "mlp.up_proj."),
        ("feed_forward.down.", "mlp.down_proj."),
    ];

    /// <summary>Every tensor that the configuration makes, in the order of the modules.</summary>
    public static IReadOnlyList<OfficialTensor> Of(VoxCpmConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var list = new List<OfficialTensor>();
        var (wide, encoder, local, latent) = (config.Base.Width, config.Encoder.Width, config.Diffusion.Width, config.LatentDim);
        list.Add(new("base_lm.embed_tokens.weight", [config.Vocabulary, wide]));
        Stack("base_lm", config.Base);
        Stack("residual_lm", config.Residual);
        list.Add(new("feat_encoder.special_token", [1, 1, 1, encoder]));
        Map("feat_encoder.in_proj", latent, encoder);
        Stack("feat_encoder.encoder", config.Encoder);
        const string estimator = "feat_decoder.estimator";
        Map($"{estimator}.in_proj", latent, local);
        Map($"{estimator}.cond_proj", latent, local);
        Map($"{estimator}.out_proj", local, latent);
        foreach (var time in new[] { "time_mlp", "delta_time_mlp" })
        {
            Map($"{estimator}.{time}.linear_1", local, local);
            Map($"{estimator}.{time}.linear_2", local, local);
        }

        Stack($"{estimator}.decoder", config.Diffusion);
        Map("fsq_layer.in_proj", wide, config.QuantiserDim);
        Map("fsq_layer.out_proj", config.QuantiserDim, wide);
        Map("enc_to_lm_proj", encoder, wide);
        Map("lm_to_dit_proj", wide, local);
        Map("res_to_dit_proj", wide, local);
        if (config.Version == VoxCpmVersion.Two) Map("fusion_concat_proj", 2 * wide, wide);
        Map("stop_proj", wide, wide);
        list.Add(new("stop_head.weight", [2, wide]));
        return list;

        void Map(string name, int inputs, int outputs)
        {
            list.Add(new($"{name}.weight", [outputs, inputs]));
            list.Add(new($"{name}.bias", [outputs]));
        }

        void Stack(string prefix, VoxCpmStackSize stack)
        {
            var (width, queries, keys, hidden) = (stack.Width, stack.Heads * stack.HeadDim, config.KeyHeads * stack.HeadDim, stack.FeedForward);
            for (var i = 0; i < stack.Layers; i++)
            {
                var layer = $"{prefix}.layers.{i}";
                list.Add(new($"{layer}.input_layernorm.weight", [width]));
                list.Add(new($"{layer}.self_attn.q_proj.weight", [queries, width]));
                list.Add(new($"{layer}.self_attn.k_proj.weight", [keys, width]));
                list.Add(new($"{layer}.self_attn.v_proj.weight", [keys, width]));
                list.Add(new($"{layer}.self_attn.o_proj.weight", [width, queries]));
                list.Add(new($"{layer}.post_attention_layernorm.weight", [width]));
                list.Add(new($"{layer}.mlp.gate_proj.weight", [hidden, width]));
                list.Add(new($"{layer}.mlp.up_proj.weight", [hidden, width]));
                list.Add(new($"{layer}.mlp.down_proj.weight", [width, hidden]));
            }

            list.Add(new($"{prefix}.norm.weight", [width]));
        }
    }

    /// <summary>The official name of one of our parameters.</summary>
    public static string OfficialName(string parameter)
    {
        var module = Modules.First(module => parameter.StartsWith(module.Ours, StringComparison.Ordinal));
        var rest = parameter[module.Ours.Length..];
        foreach (var (ours, official) in Parts)
        {
            var at = rest.LastIndexOf(ours, StringComparison.Ordinal);
            if (at < 0 || (at > 0 && rest[at - 1] != '.')) continue;
            return $"{module.Official}{rest[..at]}{official}{rest[(at + ours.Length)..]}";
        }

        return module.Official + rest;
    }

    /// <summary>
    /// The head width of queries' and keys' projections, whose rows have to be put in another order: official rotary pairs are dims i and i + headDim/2 of a
    /// head, ours are neighbours. q . k does not change. Zero for all other parameters.
    /// </summary>
    public static int HeadDimToInterleave(VoxCpmConfig config, string parameter)
    {
        if (!parameter.EndsWith(".attention.query.weight", StringComparison.Ordinal) && !parameter.EndsWith(".attention.key.weight", StringComparison.Ordinal)) return 0;
        return parameter.StartsWith("encoder.", StringComparison.Ordinal) ? config.Encoder.HeadDim
            : parameter.StartsWith("diffusion.", StringComparison.Ordinal) ? config.Diffusion.HeadDim
            : config.Base.HeadDim;
    }

    /// <summary>Where our row of a head lies in the official order.</summary>
    public static int OfficialRow(int row, int headDim)
    {
        var (head, dim) = Math.DivRem(row, headDim);
        return (head * headDim) + (dim / 2) + (dim % 2 * (headDim / 2));
    }
}
