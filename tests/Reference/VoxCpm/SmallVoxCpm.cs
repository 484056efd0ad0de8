// A made-up checkpoint of a few kilobytes, in official names and files: for tests that damage it or only need one that works.

using System.Text;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Reference.VoxCpm;

internal static class SmallVoxCpm
{
    public const string One = """
        {"architecture":"voxcpm","lm_config":{"hidden_size":8,"intermediate_size":12,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,
        "vocab_size":300,"use_mup":false,"max_position_embeddings":64,
        "rope_scaling":{"type":"longrope","long_factor":[1,2],"short_factor":[1,2],"original_max_position_embeddings":64}},
        "patch_size":2,"feat_dim":8,"residual_lm_num_layers":1,"scalar_quantization_latent_dim":4,"scalar_quantization_scale":9,
        "encoder_config":{"hidden_dim":8,"ffn_dim":8,"num_heads":2,"num_layers":1},"dit_config":{"hidden_dim":8,"ffn_dim":8,"num_heads":2,"num_layers":1},
        "audio_vae_config":{"encoder_dim":2,"encoder_rates":[2,3],"latent_dim":8,"decoder_dim":8,"decoder_rates":[3,2],"sample_rate":16000},
        "max_length":64,"dtype":"bfloat16"}
        """;

    /// <summary>Every option that released models do not use, where version 2 has one.</summary>
    public static string Two => One.Replace("\"voxcpm\"", "\"voxcpm2\"", StringComparison.Ordinal)
        .Replace("\"patch_size\":2", "\"patch_size\":3,\"residual_lm_no_rope\":true", StringComparison.Ordinal)
        .Replace("\"sample_rate\":16000", "\"sample_rate\":16000,\"out_sample_rate\":48000,\"sr_bin_boundaries\":[20000,30000],\"cond_type\":\"concat\",\"cond_dim\":3,\"cond_out_layer\":true,\"depthwise\":false,\"use_noise_block\":true", StringComparison.Ordinal);

    public static VoxCpmConfig Write(TemporaryFolder folder, string config, bool bin)
    {
        File.WriteAllText(folder.File("config.json"), config, new UTF8Encoding(false));
        var read = VoxCpmConfig.Read(folder.File("config.json"));
        MadeUpCheckpoint.Write(read, folder.Path, bin, seed: 5);
        return read;
    }
}
