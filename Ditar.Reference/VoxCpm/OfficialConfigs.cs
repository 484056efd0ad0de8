// The config.json of the three released checkpoints, as far as inference reads it: for checkpoints of their true shapes with made-up weights, and to test
// what is derived from them. A real folder brings its own.

using System.Globalization;

namespace Ditar.Reference.VoxCpm;

public static class OfficialConfigs
{
    public static IReadOnlyList<string> Names { get; } = ["0.5B", "1.5", "2"];

    // LongRoPE factors, long and short alike.
    private const string Factors64 =
        "1.0004360675811768,1.0668443441390991,1.1631425619125366,1.3025742769241333,1.5040205717086792,1.7941505908966064," +
        "2.2101221084594727,2.802666664123535,3.6389970779418945,4.804192543029785,6.39855432510376,8.527148246765137," +
        "11.277542114257812,14.684998512268066,18.69317054748535,23.13019371032715,27.72362518310547,32.1606559753418," +
        "36.168827056884766,39.57627868652344,42.32667541503906,44.45526885986328,46.04962921142578,47.21482849121094," +
        "48.05115509033203,48.64370346069336,49.05967712402344,49.34980392456055,49.551246643066406,49.69068145751953," +
        "49.78697967529297,49.85338592529297";

    private const string Factors128 =
        "0.9977997200264581,1.014658295992452,1.0349680404997148,1.059429246056193,1.0888815016813513,1.1243301355211495," +
        "1.166977103606075,1.2182568066927284,1.2798772354275727,1.3538666751582975,1.4426259039919596,1.5489853358570191," +
        "1.6762658237220625,1.8283407612492941,2.0096956085876183,2.225478927469756,2.481536379650452,2.784415934557119," +
        "3.1413289096347365,3.560047844772632,4.048719380066383,4.615569542115128,5.2684819496549835,6.014438591970396," +
        "6.858830049237097,7.804668263503327,8.851768731513417,9.99600492938444,11.228766118181639,12.536757560834843," +
        "13.902257701387796,15.303885189125953,16.717837610115794,18.119465097853947,19.484965238406907,20.792956681060105," +
        "22.02571786985731,23.16995406772833,24.217054535738416,25.16289275000465,26.007284207271347,26.753240849586767," +
        "27.40615325712662,27.973003419175363,28.461674954469114,28.880393889607006,29.237306864684626,29.540186419591297," +
        "29.79624387177199,30.01202719065413,30.193382037992453,30.34545697551969,30.47273746338473,30.579096895249787," +
        "30.66785612408345,30.741845563814174,30.80346599254902,30.85474569563567,30.897392663720595,30.932841297560394," +
        "30.962293553185553,30.986754758742034,31.007064503249293,31.02392307921529";

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No such checkpoint.</exception>
    public static string Named(string name) => name switch
    {
        "0.5B" => One(layers: 24, residual: 6, local: 4, patch: 2, vae: """
            {"encoder_dim":128,"encoder_rates":[2,5,8,8],"latent_dim":64,"decoder_dim":1536,"decoder_rates":[8,8,5,2],"depthwise":true,"sample_rate":16000,"use_noise_block":false}
            """),
        "1.5" => One(layers: 24, residual: 8, local: 8, patch: 4, vae: """
            {"encoder_dim":64,"encoder_rates":[2,3,6,7,7],"latent_dim":64,"decoder_dim":2048,"decoder_rates":[7,7,6,3,2],"depthwise":true,"sample_rate":44100,"use_noise_block":false}
            """),
        "2" => $$"""
            {"architecture":"voxcpm2","lm_config":{{Language(2048, 6144, 28, "\"kv_channels\":128,", Factors128)}},
            "patch_size":4,"feat_dim":64,"residual_lm_num_layers":8,"residual_lm_no_rope":true,
            "scalar_quantization_latent_dim":512,"scalar_quantization_scale":9,
            "encoder_config":{{Local(12, ",\"kv_channels\":128")}},"dit_config":{{Local(12, ",\"kv_channels\":128,\"mean_mode\":false," + Solver)}},
            "audio_vae_config":{"encoder_dim":128,"encoder_rates":[2,5,8,8],"latent_dim":64,"decoder_dim":2048,"decoder_rates":[8,6,5,2,2,2],"depthwise":true,
            "sample_rate":16000,"out_sample_rate":48000,"use_noise_block":false,"sr_bin_boundaries":[20000,30000,40000],"cond_type":"scale_bias","cond_dim":128,"cond_out_layer":false},
            "max_length":8192,"device":"cuda","dtype":"bfloat16"}
            """,
        _ => throw new ArgumentException($"No released checkpoint is called '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    private const string Solver = """
        "cfm_config":{"sigma_min":1e-06,"solver":"euler","t_scheduler":"log-norm","inference_cfg_rate":2.0}
        """;

    private static string One(int layers, int residual, int local, int patch, string vae) => $$"""
        {"architecture":"voxcpm","lm_config":{{Language(1024, 4096, layers, "", Factors64)}},
        "patch_size":{{Number(patch)}},"feat_dim":64,"residual_lm_num_layers":{{Number(residual)}},
        "scalar_quantization_latent_dim":256,"scalar_quantization_scale":9,
        "encoder_config":{{Local(local, "")}},"dit_config":{{Local(local, "," + Solver)}},"audio_vae_config":{{vae}},
        "max_length":4096,"device":"cuda","dtype":"bfloat16"}
        """;

    private static string Language(int width, int feedForward, int layers, string more, string factors) => $$"""
        {"bos_token_id":1,"eos_token_id":2,"hidden_size":{{Number(width)}},"intermediate_size":{{Number(feedForward)}},"max_position_embeddings":32768,
        "num_attention_heads":16,"num_hidden_layers":{{Number(layers)}},"num_key_value_heads":2,{{more}}"rms_norm_eps":1e-05,"rope_theta":10000,
        "rope_scaling":{"type":"longrope","long_factor":[{{factors}}],"short_factor":[{{factors}}],"original_max_position_embeddings":32768},
        "vocab_size":73448,"scale_emb":12,"dim_model_base":256,"scale_depth":1.4,"use_mup":false}
        """;

    private static string Local(int layers, string more) => $$"""{"hidden_dim":1024,"ffn_dim":4096,"num_heads":16,"num_layers":{{Number(layers)}}{{more}}}""";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
