// A voice as a file: what the model's encoder made of the recordings, the text of the prompt, and the identity of the model. One safetensors file of some
// ten kilobytes a second. The keys and values that a language model makes of a reference are not stored: they are a hundred times as large and differ between
// weight formats and LoRA folders; a loaded speaker keeps them.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

/// <param name="Voice">What is heard before a text.</param>
/// <param name="Identity">Of the model, see <see cref="VoiceIdentity"/>.</param>
/// <param name="Model">For messages.</param>
/// <param name="PatchSeconds">How long a patch lasts.</param>
internal sealed record StoredVoice(string Name, VoxCpmVoice Voice, string Identity, string Model, double PatchSeconds)
{
    private const string Kind = "ditar-voice";
    private const string Format = "1";
    private const string Prompt = "prompt", Reference = "reference";
    private const int MostNumbers = 1 << 22;

    /// <exception cref="SpeechException">The voice was made with another model.</exception>
    public VoxCpmVoice For(string folder, VoxCpmConfig config) => Identity == VoiceIdentity.Of(folder, config)
        ? Voice
        : throw new SpeechException($"the voice '{Name}' was made with another model ({Model}) than {folder} ({VoiceIdentity.ModelName(config)}); add it again with this one");

    /// <exception cref="CheckpointException">The file is no voice, or damaged.</exception>
    public static StoredVoice Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (Text("kind") != Kind) throw new CheckpointException(path, null, $"a voice file (kind {Kind})", $"kind {MalformedFileException.Quote(Text("kind") ?? "none")}");
        if (Text("format") != Format) throw new CheckpointException(path, null, $"a voice file of format {Format}", $"format {MalformedFileException.Quote(Text("format") ?? "none")}");
        foreach (var entry in file.Entries)
            if (entry.Name is not (Prompt or Reference)) throw new CheckpointException(path, entry.Name, $"only {Prompt} and {Reference}", "another tensor");
        var voice = new VoxCpmVoice(Text("prompt_text"), Latents(Prompt), Latents(Reference));
        if (voice.Prompt is null && voice.Reference is null) throw new CheckpointException(path, null, $"a {Prompt}, a {Reference}, or both", "neither");
        if (voice.Prompt is null != string.IsNullOrEmpty(voice.PromptText)) throw new CheckpointException(path, null, "a prompt together with its text", "one of them");
        var seconds = double.TryParse(Required("patch_seconds"), System.Globalization.CultureInfo.InvariantCulture, out var value) && value is > 0 and < 60
            ? value
            : throw new CheckpointException(path, null, "the seconds of a patch", MalformedFileException.Quote(Required("patch_seconds")));
        return new StoredVoice(Path.GetFileNameWithoutExtension(path), voice, Required("identity"), Required("model"), seconds);

        string? Text(string key) => file.Metadata.GetValueOrDefault(key);

        string Required(string key) => Text(key) ?? throw new CheckpointException(path, null, $"metadata '{key}'", "none");

        Tensor? Latents(string name)
        {
            if (!file.Contains(name)) return null;
            var entry = file[name];
            if (entry.Shape.Count != 3 || entry.Count is 0 or > MostNumbers) throw new CheckpointException(path, name, "latents [patches, P, D]", CheckpointException.Shape(entry.Shape));
            file.CheckFinite(name);
            var values = new float[entry.Count];
            file.ReadFloat32(name, values);
            return Tensor.From(values, [.. entry.Shape.Select(extent => (int)extent)]);
        }
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    public void Write(string path)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata["kind"] = Kind;
        writer.Metadata["format"] = Format;
        writer.Metadata["identity"] = Identity;
        writer.Metadata["model"] = Model;
        writer.Metadata["patch_seconds"] = PatchSeconds.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if (Voice.PromptText is { } text) writer.Metadata["prompt_text"] = text;
        if (Voice.Prompt is { } prompt) writer.Add(Prompt, Shape(prompt), prompt.ToSingles());
        if (Voice.Reference is { } reference) writer.Add(Reference, Shape(reference), reference.ToSingles());
        writer.Save(path);
    }

    private static long[] Shape(Tensor tensor) => [.. tensor.Shape.ToArray().Select(extent => (long)extent)];
}
