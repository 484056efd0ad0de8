// An official folder, as it was published: config.json, tokenizer.json, model.safetensors or pytorch_model.bin, audiovae.safetensors or audiovae.pth (safetensors first, as
// the official loader has it). The weight files are opened and checked against the configuration, name by name, before anything is read from them.

using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmCheckpoint : IDisposable
{
    public const string ConfigFile = "config.json";
    public static readonly IReadOnlyList<string> ModelFiles = ["model.safetensors", "pytorch_model.bin"];
    public static readonly IReadOnlyList<string> VaeFiles = ["audiovae.safetensors", "audiovae.pth"];

    private VoxCpmCheckpoint(string folder, VoxCpmConfig config, VoxCpmTokenizer tokenizer, WeightFile model, WeightFile vae)
    {
        Folder = folder;
        Config = config;
        Tokenizer = tokenizer;
        ModelWeights = model;
        VaeWeights = vae;
    }

    public string Folder { get; }

    public VoxCpmConfig Config { get; }

    public VoxCpmTokenizer Tokenizer { get; }

    /// <summary>Open while the checkpoint lives.</summary>
    public WeightFile ModelWeights { get; }

    /// <summary>Open while the checkpoint lives.</summary>
    public WeightFile VaeWeights { get; }

    /// <summary>Whether a folder is one of these: its config.json names an architecture of VoxCPM or has its language model's section.</summary>
    public static bool IsOne(string folder)
    {
        var path = Path.Combine(folder, ConfigFile);
        if (!File.Exists(path) || new FileInfo(path).Length > VoxCpmConfig.MaximumBytes) return false;
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object && json.RootElement.TryGetProperty("lm_config", out _);
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }

    /// <summary>Opens a folder: reads what is small, checks the lists of what is large.</summary>
    /// <exception cref="CheckpointException">A file is missing, damaged, or does not fit the others.</exception>
    public static VoxCpmCheckpoint Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var config = VoxCpmConfig.Read(Path.Combine(folder, ConfigFile));
        var tokenizer = VoxCpmTokenizer.Load(folder);
        if (tokenizer.Size > config.Vocabulary)
            throw new CheckpointException(Path.Combine(folder, "tokenizer.json"), null, $"ids below config.json's vocab_size {config.Vocabulary}", $"{tokenizer.Size - 1}");
        var model = OpenWeights(folder, ModelFiles);
        try
        {
            var vae = OpenWeights(folder, VaeFiles);
            try
            {
                VoxCpmParameters.Require(model, config);
                AudioVaeParameters.Require(vae, config.Vae);
                return new VoxCpmCheckpoint(folder, config, tokenizer, model, vae);
            }
            catch
            {
                vae.Dispose();
                throw;
            }
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The definition, its weights a float32 or float64 each once they are in memory.</summary>
    /// <param name="lora">Merged into what it adapts.</param>
    /// <param name="later">Whether weights are read when they are first used instead of now; this checkpoint stays open for as long as the model is used then.</param>
    public VoxCpmModel ReadModel(ElementType type = ElementType.Float32, LoraWeights? lora = null, bool later = false) =>
        new(new VoxCpmParameters(ModelWeights, Config, type, lora, later), Config);

    /// <summary>The definition of the speech tokenizer.</summary>
    /// <param name="later">As with <see cref="ReadModel"/>.</param>
    public AudioVae ReadVae(ElementType type = ElementType.Float32, bool later = false) => new(new AudioVaeParameters(VaeWeights, Config.Vae, type, later), Config.Vae);

    /// <summary>The weights of a folder's audio VAE alone; names and shapes are not checked.</summary>
    /// <exception cref="CheckpointException">There are none, or the file is damaged.</exception>
    public static WeightFile OpenVae(string folder) => OpenWeights(folder, VaeFiles);

    /// <summary>The first of these files that a folder has.</summary>
    internal static WeightFile OpenWeights(string folder, IReadOnlyList<string> names)
    {
        var name = names.FirstOrDefault(name => File.Exists(Path.Combine(folder, name)))
            ?? throw new CheckpointException(Path.Combine(folder, names[0]), null, $"this file or {string.Join(" or ", names.Skip(1))}", "neither");
        return OpenWeights(Path.Combine(folder, name));
    }

    internal static WeightFile OpenWeights(string path) => path.EndsWith(".safetensors", StringComparison.Ordinal) ? SafetensorsFile.Open(path) : TorchFile.Open(path);

    public void Dispose()
    {
        ModelWeights.Dispose();
        VaeWeights.Dispose();
    }
}
