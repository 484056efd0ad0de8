// `ditar voice add | list | remove`: voices for VoxCPM models, made once from recordings and used by name. Adding loads the model and runs its encoder;
// speaking with a stored voice does not.

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal static class VoiceCommand
{
    public const string Examples =
        """
          ditar voice add anna --reference anna.wav --model VoxCPM2
          ditar voice add ben --prompt ben.wav --prompt-text "What Ben says in it. " --model VoxCPM-0.5B
          ditar voice list
          ditar say --model VoxCPM2 --voice anna "The same voice, without hearing the recording again."
          ditar voice remove ben
        """;

    // The encoder is run once, and what it makes does not depend on them.
    private const int MostThreads = 8;

    public static Command Create()
    {
        var voices = new Option<string>("--voices") { Description = $"folder of the stored voices [default: {VoiceFolder.Variable}, else ditar/voices among the user's data]", HelpName = "DIR" };
        return new Command("voice", "Keep voices for VoxCPM models: encoded once, used with 'say --voice NAME'.") { Add(voices), List(voices), Remove(voices) };
    }

    private static Command Add(Option<string> voices)
    {
        var name = new Argument<string>("name") { Description = "letters, digits, - and _" };
        var model = new Option<string>("--model", "-m") { Description = "the VoxCPM folder that shall speak with it", HelpName = "DIR", Required = true };
        var reference = new Option<string>("--reference") { Description = "VoxCPM 2: a recording of the voice, WAV; five to twenty seconds are good", HelpName = "WAV" };
        var prompt = new Option<string>("--prompt") { Description = "a recording to go on from, WAV", HelpName = "WAV" };
        var promptText = new Option<string>("--prompt-text") { Description = "what is said in the prompt; texts follow it without a space, so end it with one", HelpName = "TEXT" };
        var replace = new Option<bool>("--replace") { Description = "over a voice of the same name" };
        var command = new Command("add", "Store a voice.") { name, model, reference, prompt, promptText, replace, voices };
        command.Validators.Add(result =>
        {
            if (result.GetResult(prompt) is null != result.GetResult(promptText) is null) result.AddError("--prompt and --prompt-text go together: the model must know what the recording says.");
            if ((result.GetResult(prompt) ?? result.GetResult(reference)) is null) result.AddError("Give --reference, or --prompt with --prompt-text, or both.");
        });
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var (wanted, folder) = (VoiceFolder.Checked(parsed.GetValue(name)!), VoiceFolder.Of(parsed.GetValue(voices)));
            if (folder.Contains(wanted) && !parsed.GetValue(replace)) throw new SpeechException($"there is a voice '{wanted}' in {folder.Path} already; --replace replaces it");
            var official = parsed.GetValue(model)!;
            if (!VoxCpmCheckpoint.IsOne(official)) throw new SpeechException($"{official} is no VoxCPM folder; voices of DiTAR models are stored with the model, and recordings are given with --prompt");
            using var speaker = OfficialSpeaker.Load(official, new SpeechBackend(BackendKind.Definition, Math.Min(Environment.ProcessorCount, MostThreads)));
            var voice = speaker.VoiceFrom(parsed.GetValue(prompt), parsed.GetValue(promptText), parsed.GetValue(reference), message => Console.Error.WriteLine($"note: {message}"));
            var config = speaker.Config;
            var stored = new StoredVoice(wanted, voice, VoiceIdentity.Of(official, config), VoiceIdentity.ModelName(config), (double)config.PatchSize * config.Vae.EncoderHop / config.Vae.SampleRate);
            var file = folder.Write(stored);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{wanted}: {VoiceListing.Of(stored).Heard}; {new FileInfo(file).Length / 1e3:0.0} kB in {file}"));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command List(Option<string> voices)
    {
        var json = new Option<bool>("--json") { Description = "as JSON" };
        var command = new Command("list", "Tell which voices are stored.") { json, voices };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var folder = VoiceFolder.Of(parsed.GetValue(voices));
            List<VoiceListing> listings = [];
            foreach (var name in folder.Names)
            {
                try
                {
                    listings.Add(VoiceListing.Of(folder.Read(name)));
                }
                catch (MalformedFileException fault)
                {
                    // The others are still worth listing.
                    Console.Error.WriteLine($"note: {name}: {fault.Message}");
                }
            }

            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(listings, VoiceListingJson.Default.ListVoiceListing));
            else if (listings.Count == 0) Console.WriteLine($"no voices in {folder.Path}; 'ditar voice add' stores one");
            else foreach (var voice in listings) Console.WriteLine($"{voice.Name,-20} {voice.Heard}; {voice.Model}");
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Remove(Option<string> voices)
    {
        var name = new Argument<string>("name") { Description = "of the voice" };
        var command = new Command("remove", "Delete a stored voice.") { name, voices };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            Console.WriteLine($"{VoiceFolder.Of(parsed.GetValue(voices)).Remove(parsed.GetValue(name)!)}: deleted");
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <param name="ReferenceSeconds">0 without a reference.</param>
/// <param name="PromptSeconds">0 without a prompt.</param>
internal sealed record VoiceListing(string Name, double ReferenceSeconds, double PromptSeconds, string? PromptText, string Model, string Identity)
{
    [JsonIgnore]
    public string Heard => string.Join(" and ", new[]
    {
        ReferenceSeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"reference of {ReferenceSeconds:0.0} s") : null,
        PromptSeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"prompt of {PromptSeconds:0.0} s, \"{PromptText}\"") : null,
    }.OfType<string>());

    public static VoiceListing Of(StoredVoice voice) => new(
        voice.Name, (voice.Voice.Reference?[0] ?? 0) * voice.PatchSeconds, (voice.Voice.Prompt?[0] ?? 0) * voice.PatchSeconds, voice.Voice.PromptText, voice.Model, voice.Identity);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(List<VoiceListing>))]
internal sealed partial class VoiceListingJson : JsonSerializerContext;
