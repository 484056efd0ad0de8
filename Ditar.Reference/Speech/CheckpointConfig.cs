// config.json of a checkpoint folder: the sizes of both networks, the sampler's defaults, the voices. Every key must be there and no other may be:
// a file of another version is refused with the name of the key, not half understood.

using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Vae;

namespace Ditar.Reference.Speech;

/// <summary>How speech is sampled when the user says nothing else.</summary>
/// <param name="StopThreshold">The stop head fires at this probability.</param>
public sealed record SamplingDefaults(int Steps, double Guidance, double Temperature, double StopThreshold);

/// <param name="Name">What the user calls it.</param>
/// <param name="Text">What is said in the stored prompt.</param>
public sealed record VoiceEntry(string Name, string Text);

public sealed record CheckpointConfig
{
    public const string KindName = "ditar";
    public const int CurrentFormat = 1;
    public const int MaximumBytes = 1 << 20;

    /// <summary>Always "ditar".</summary>
    public required string Kind { get; init; }

    public required int Format { get; init; }

    public required DitarConfig Model { get; init; }

    public required VaeConfig Vae { get; init; }

    public required SamplingDefaults Sampling { get; init; }

    /// <summary>The first is the default.</summary>
    public required IReadOnlyList<VoiceEntry> Voices { get; init; }

    /// <exception cref="CheckpointException">The file is not JSON, lacks a key, has one too many, or a value is absurd.</exception>
    public static CheckpointConfig Read(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaximumBytes) throw new CheckpointException(path, null, $"at most {MaximumBytes} bytes", $"{length}");
        try
        {
            var bytes = File.ReadAllBytes(path);
            var config = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.CheckpointConfig)
                ?? throw new CheckpointException(path, null, "an object", "null");
            using var found = JsonDocument.Parse(bytes);
            RequireKeys(path, "", JsonSerializer.SerializeToElement(config, CheckpointJson.Default.CheckpointConfig), found.RootElement);
            config.RequireSense(path);
            return config;
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, error.Path, "a configuration of this version", error.Message, error);
        }
        catch (ArgumentException error)
        {
            // A number such as 1e400 is read as infinity, which JSON cannot say.
            throw new CheckpointException(path, null, "finite numbers", error.Message, error);
        }
    }

    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, CheckpointJson.Default.CheckpointConfig));

    private void RequireSense(string path)
    {
        if (Kind != KindName) throw new CheckpointException(path, "kind", $"\"{KindName}\"", MalformedFileException.Quote(Kind));
        if (Format != CurrentFormat) throw new CheckpointException(path, "format", $"{CurrentFormat}", $"{Format}; a newer program may read it");
        if (Model.Fault() is { } fault) throw new CheckpointException(path, "model", "sizes that make a model", fault);
        if (Model.LatentDim != Vae.LatentDim) throw new CheckpointException(path, "model.latent_dim", $"the VAE's {Vae.LatentDim}", $"{Model.LatentDim}");
        try
        {
            Vae.Validate();
            _ = new SamplerOptions { Steps = Sampling.Steps, Guidance = Sampling.Guidance, Temperature = Sampling.Temperature };
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException(path, null, "values that can work", error.Message, error);
        }

        if (!(Sampling.StopThreshold is > 0 and <= 1)) throw new CheckpointException(path, "sampling.stop_threshold", "a probability above 0", $"{Sampling.StopThreshold}");
        foreach (var voice in Voices)
        {
            if (string.IsNullOrWhiteSpace(voice?.Name) || voice.Name.Length > 64 || string.IsNullOrWhiteSpace(voice.Text))
                throw new CheckpointException(path, "voices", "a name and the text of each prompt", MalformedFileException.Quote(voice?.Name ?? "null"));
        }

        if (Voices.Select(v => v.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count() != Voices.Count)
            throw new CheckpointException(path, "voices", "each name once", string.Join(", ", Voices.Select(v => v.Name)));
    }

    // What we would write has exactly the keys that a complete file has.
    private static void RequireKeys(string path, string at, JsonElement wanted, JsonElement found)
    {
        if (wanted.ValueKind != JsonValueKind.Object) return;
        foreach (var property in wanted.EnumerateObject())
        {
            if (!found.TryGetProperty(property.Name, out var value)) throw new CheckpointException(path, at + property.Name, "the key", "nothing");
            RequireKeys(path, $"{at}{property.Name}.", property.Value, value);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    IgnoreReadOnlyProperties = true, MaxDepth = 16)]
[JsonSerializable(typeof(CheckpointConfig))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
