// A speech tokenizer on disk: vae.json (VaeConfig) and vae.safetensors (weights by module path, latent statistics). The product folds the
// same tensors into a model's checkpoint; this file is what training stages hand to each other.

using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;

namespace Ditar.Learn;

public static class VaeCheckpoint
{
    public const string ConfigFile = "vae.json";
    public const string WeightsFile = "vae.safetensors";
    public const string DecoderPath = "decoder.";

    public static void Save(string folder, VaeConfig config, IReadOnlyList<KeyValuePair<string, Tensor>> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Directory.CreateDirectory(folder);
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in parameters) writer.Add(name, [.. tensor.Shape.ToArray().Select(e => (long)e)], tensor.ToSingles());
        writer.Save(Path.Combine(folder, WeightsFile));
        AtomicFile.Write(Path.Combine(folder, ConfigFile), JsonSerializer.SerializeToUtf8Bytes(config, VaeJson.Default.VaeConfig));
    }

    /// <returns>The tokenizer and its parameters by name, float32.</returns>
    /// <exception cref="TrainingException">A file is missing or not readable as what it should be.</exception>
    /// <exception cref="MalformedFileException">The weights are damaged or do not fit the configuration.</exception>
    public static (Autoencoder Model, IReadOnlyList<KeyValuePair<string, Tensor>> Parameters) Load(string folder) => Load(folder, null, 0);

    /// <param name="decoder">Another kind than the tokenizer's: the encoder is read and that decoder starts afresh; null for its own.</param>
    /// <param name="seed">Of a fresh decoder's start values.</param>
    /// <inheritdoc cref="Load(string)"/>
    public static (Autoencoder Model, IReadOnlyList<KeyValuePair<string, Tensor>> Parameters) Load(string folder, string? decoder, ulong seed)
    {
        var path = Path.Combine(folder, ConfigFile);
        if (!File.Exists(path)) throw new TrainingException($"{path}: not found; make a tokenizer with: ditar-learn train vae -o {folder}");
        try
        {
            var config = JsonSerializer.Deserialize(File.ReadAllBytes(path), VaeJson.Default.VaeConfig) ?? throw new TrainingException($"{path}: expected an object, found null");
            var fresh = decoder is not null && decoder != config.Decoder;
            if (fresh) config = config with { Decoder = decoder! };
            config.Validate();
            var source = new RandomParameters(ElementType.Float32, seed);
            var model = new Autoencoder(source.Root, config);
            Read(Path.Combine(folder, WeightsFile), source.Taken.Where(p => !fresh || !p.Key.StartsWith(DecoderPath, StringComparison.Ordinal)));
            return (model, source.Taken);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new TrainingException($"{path}: {e.Message}", e);
        }
    }

    private static void Read(string path, IEnumerable<KeyValuePair<string, Tensor>> parameters)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var (name, tensor) in parameters)
        {
            file.Require(name, [.. tensor.Shape.ToArray().Select(e => (long)e)]);
            file.ReadFloat32(name, tensor.Values<float>());
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(VaeConfig))]
internal sealed partial class VaeJson : JsonSerializerContext;
