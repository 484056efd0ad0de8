// Where a user's stored voices are: the folder that was given, that of the environment variable DITAR_VOICES, or ditar/voices among the user's data
// ($XDG_DATA_HOME or ~/.local/share on Linux, the system's own place elsewhere). A name is a file in it and nothing else: no name can lead out of the folder.

using System.Text;
using Ditar.Reference.Files;

namespace Ditar.Edge;

internal sealed class VoiceFolder(string path)
{
    public const string Variable = "DITAR_VOICES";
    private const string Extension = ".safetensors";
    private const int LongestName = 64;

    // Devices of Windows, with any extension.
    private static readonly HashSet<string> Reserved = new(
        ["con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(number => new[] { $"com{number}", $"lpt{number}" })], StringComparer.OrdinalIgnoreCase);

    public string Path { get; } = path;

    /// <param name="given">By the user; null for the usual place.</param>
    /// <exception cref="SpeechException">There is no usual place: the user has no home.</exception>
    public static VoiceFolder Of(string? given)
    {
        if (!string.IsNullOrEmpty(given)) return new VoiceFolder(given);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set) return new VoiceFolder(set);
        // .NET follows the XDG rules on Linux: a relative XDG_DATA_HOME is as good as none.
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0
            ? new VoiceFolder(System.IO.Path.Combine(data, "ditar", "voices"))
            : throw new SpeechException($"there is no folder for the user's data; give one with --voices or {Variable}");
    }

    /// <summary>Names in alphabetical order; none where there is no folder yet.</summary>
    public IReadOnlyList<string> Names => Directory.Exists(Path)
        ? [.. Directory.EnumerateFiles(Path, "*" + Extension).Select(file => System.IO.Path.GetFileNameWithoutExtension(file)!).Where(name => Fault(name) is null).Order(StringComparer.OrdinalIgnoreCase)]
        : [];

    /// <summary>Whether there is such a voice, in any case of letters.</summary>
    public bool Contains(string name) => Find(Checked(name)) is not null;

    /// <exception cref="SpeechException">No such voice; the message lists those there are.</exception>
    /// <exception cref="CheckpointException">Its file is damaged.</exception>
    public StoredVoice Read(string name) => StoredVoice.Read(File(Existing(name)));

    /// <returns>The file.</returns>
    public string Write(StoredVoice voice)
    {
        var file = File(Find(Checked(voice.Name)) ?? Checked(voice.Name));
        Directory.CreateDirectory(Path);
        voice.Write(file);
        return file;
    }

    /// <returns>The file that is gone.</returns>
    /// <exception cref="SpeechException">No such voice.</exception>
    public string Remove(string name)
    {
        var file = File(Existing(name));
        System.IO.File.Delete(file);
        return file;
    }

    /// <returns>The name in the one form that Unicode has for it.</returns>
    /// <exception cref="SpeechException">It cannot be a file's name everywhere.</exception>
    public static string Checked(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var composed = Composed(name);
        return Fault(composed) is not { } fault ? composed : throw new SpeechException($"{MalformedFileException.Quote(name)} cannot be a voice's name: {fault}");
    }

    private static string? Fault(string name)
    {
        if (name.Length is 0 or > LongestName) return $"a name has 1 to {LongestName} characters";
        if (!name.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_')) return "a name is made of letters, digits, - and _";
        if (name[0] is '-') return "a name does not begin with -";
        return Reserved.Contains(name) ? "the name is a device of Windows" : null;
    }

    // What is not Unicode at all stays as it is, and is refused for it.
    private static string Composed(string name) => name.Any(char.IsSurrogate) ? name : name.Normalize(NormalizationForm.FormC);

    private string Existing(string name)
    {
        var wanted = Checked(name);
        if (Find(wanted) is { } found) return found;
        var names = Names;
        throw new SpeechException(names.Count == 0
            ? $"there is no voice '{wanted}' in {Path}: no voice is stored there; 'ditar voice add' makes one"
            : $"there is no voice '{wanted}' in {Path}; there are {string.Join(", ", names)}");
    }

    private string? Find(string name) => Names.FirstOrDefault(stored => string.Equals(Composed(stored), name, StringComparison.OrdinalIgnoreCase));

    private string File(string name) => System.IO.Path.Combine(Path, name + Extension);
}
