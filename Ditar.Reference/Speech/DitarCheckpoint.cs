// A checkpoint folder, the unit that is shipped and loaded: config.json, tokenizer.json, model.safetensors, vae.safetensors and voices.safetensors
// (the stored prompts). Everything is checked before it is used; a fault names file, tensor, what was expected and what was found.

using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Text;
using Ditar.Reference.Vae;

namespace Ditar.Reference.Speech;

/// <param name="Latents">[patches, P, D], scaled.</param>
public sealed record Voice(string Name, string Text, Tensor Latents);

public sealed class DitarCheckpoint
{
    public const string ConfigFile = "config.json";
    public const string TokenizerFile = "tokenizer.json";
    public const string ModelFile = "model.safetensors";
    public const string VaeFile = "vae.safetensors";
    public const string VoicesFile = "voices.safetensors";

    /// <summary>Longest stored prompt, in patches.</summary>
    public const int LongestPrompt = 1024;

    private readonly string folder;
    private readonly ElementType type;
    private DitarModel? model;

    private DitarCheckpoint(
        string folder, ElementType type, CheckpointConfig config, CharacterTokenizer tokenizer, DitarModel model, Autoencoder autoencoder, IReadOnlyList<Voice> voices)
    {
        this.folder = folder;
        this.type = type;
        this.model = model;
        Config = config;
        Tokenizer = tokenizer;
        Autoencoder = autoencoder;
        Voices = voices;
    }

    public CheckpointConfig Config { get; }

    public CharacterTokenizer Tokenizer { get; }

    /// <summary>Read again from its file after <see cref="Unload"/>.</summary>
    public DitarModel Model => model ??= ReadModel(folder, type, Config);

    public Autoencoder Autoencoder { get; }

    /// <summary>The first is the default; may be empty.</summary>
    public IReadOnlyList<Voice> Voices { get; }

    /// <summary>Reads a folder.</summary>
    /// <param name="type">What the networks compute in; weights of any floating type convert.</param>
    /// <exception cref="MalformedFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static DitarCheckpoint Load(string folder, ElementType type = ElementType.Float32)
    {
        var config = CheckpointConfig.Read(Existing(folder, ConfigFile));
        var tokenizerPath = Existing(folder, TokenizerFile);
        var tokenizer = CharacterTokenizer.Load(tokenizerPath);
        if (tokenizer.Symbols.Count != config.Model.Symbols)
            throw new CheckpointException(tokenizerPath, null, $"the {config.Model.Symbols} symbols of config.json", $"{tokenizer.Symbols.Count}");
        var model = ReadModel(folder, type, config);
        var autoencoder = Build(Existing(folder, VaeFile), type, source => new Autoencoder(source.Root, config.Vae));
        return new DitarCheckpoint(folder, type, config, tokenizer, model, autoencoder, ReadVoices(folder, config, type));
    }

    /// <summary>Lets the model's weights go, for who has packed them.</summary>
    public void Unload() => model = null;

    /// <summary>Looks into the file of the model's weights.</summary>
    public T WithModelFile<T>(Func<WeightFile, T> look)
    {
        ArgumentNullException.ThrowIfNull(look);
        using var file = SafetensorsFile.Open(Existing(folder, ModelFile));
        return look(file);
    }

    /// <summary>The voice of a name, in any case of letters.</summary>
    /// <exception cref="ArgumentException">No such voice; the message lists those there are.</exception>
    public Voice FindVoice(string name) =>
        Voices.FirstOrDefault(v => string.Equals(v.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException(Voices.Count == 0
                ? $"The model has no voices; give a prompt instead of '{name}'."
                : $"No voice is called '{name}'; there are {string.Join(", ", Voices.Select(v => v.Name))}.", nameof(name));

    private static DitarModel ReadModel(string folder, ElementType type, CheckpointConfig config) =>
        Build(Existing(folder, ModelFile), type, source => new DitarModel(source, config.Model));

    private static string Existing(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? path : throw new CheckpointException(path, null, "a file of the checkpoint", "nothing there");
    }

    private static T Build<T>(string path, ElementType type, Func<ParameterSource, T> build)
    {
        // Open as long as a weight has not been read: the layers hold it, and the collector closes it after them.
        var file = SafetensorsFile.Open(path);
        var source = new CheckpointParameters(file, type, later: true);
        var built = build(source);
        source.RequireAllTaken();
        return built;
    }

    private static Voice[] ReadVoices(string folder, CheckpointConfig config, ElementType type)
    {
        if (config.Voices.Count == 0) return [];
        using var file = SafetensorsFile.Open(Existing(folder, VoicesFile));
        return [.. config.Voices.Select(entry =>
        {
            var shape = file[entry.Name].Shape;
            var size = config.Model;
            if (shape.Count != 3 || shape[0] is < 1 or > LongestPrompt || shape[1] != size.PatchSize || shape[2] != size.LatentDim)
                throw new CheckpointException(file.Path, entry.Name, $"[1..{LongestPrompt}, {size.PatchSize}, {size.LatentDim}]", CheckpointException.Shape(shape));
            file.CheckFinite(entry.Name);
            var values = new float[shape[0] * shape[1] * shape[2]];
            file.ReadFloat32(entry.Name, values);
            return new Voice(entry.Name, entry.Text, Tensor.From(values, (int)shape[0], size.PatchSize, size.LatentDim).To(type));
        })];
    }
}
