// What the files of a corpus folder say: corpus.json is a CorpusHeader, each line of index.jsonl a CorpusUtterance.

using System.Text.Json.Serialization;

namespace Ditar.Learn;

/// <summary>Which part of a corpus an utterance belongs to.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CorpusSplit>))]
public enum CorpusSplit
{
    /// <summary>Training may use it.</summary>
    Train,

    /// <summary>Only evaluation may use it.</summary>
    HeldOut,
}

/// <summary>What a corpus is made of; equal recipes make equal corpora.</summary>
public sealed record CorpusRecipe
{
    /// <summary>Number of texts.</summary>
    public int Texts { get; init; } = 12_000;

    /// <summary>flite voices, taking turns.</summary>
    public IReadOnlyList<string> Voices { get; init; } = ["slt", "rms"];

    /// <summary>Seed of texts and variations.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Durations are multiplied by a factor drawn uniformly from 1 - spread to 1 + spread.</summary>
    public double RateSpread { get; init; }

    /// <summary>Mean F0 is multiplied by a factor drawn uniformly from 1 - spread to 1 + spread; voices that flite speaks at one pitch only (rms)
    /// keep theirs.</summary>
    public double PitchSpread { get; init; }
}

/// <summary>Contents of corpus.json.</summary>
public sealed record CorpusHeader
{
    /// <summary>Version of the layout and of the text generator; a reader refuses others.</summary>
    public int Version { get; init; }
    public required CorpusRecipe Recipe { get; init; }
    public int SampleRate { get; init; } = Flite.SampleRate;
    public int FrameSamples { get; init; } = UtteranceTrim.FrameSamples;
    public int PatchSamples { get; init; } = UtteranceTrim.PatchSamples;
    public required IReadOnlyList<string> Phones { get; init; }
}

/// <summary>A line of index.jsonl.</summary>
public sealed record CorpusUtterance
{
    /// <summary>Number of the text, from 0.</summary>
    public required int Id { get; init; }

    /// <summary>What the model reads.</summary>
    public required string Text { get; init; }
    public required TextKind Kind { get; init; }

    /// <summary>flite voice.</summary>
    public required string Voice { get; init; }
    public required CorpusSplit Split { get; init; }

    /// <summary>First sample in audio.s16.</summary>
    public required long Offset { get; init; }

    /// <summary>Number of samples, a multiple of the patch.</summary>
    public required int Samples { get; init; }

    /// <summary>[samples / 400] phone number at the centre of each latent frame.</summary>
    public required int[] Phones { get; init; }

    /// <summary>Number of patches.</summary>
    [JsonIgnore]
    public int Patches => Samples / UtteranceTrim.PatchSamples;
}

/// <summary>JSON of the corpus files, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CorpusHeader))]
[JsonSerializable(typeof(CorpusUtterance))]
internal sealed partial class CorpusJson : JsonSerializerContext;
