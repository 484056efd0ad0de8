// Where the checkpoint is when the user does not say: models/ditar-tiny beside the program, in the folders above it up to the repository's root
// (a build lies deep inside it), or in the current directory.

using Ditar.Reference.Speech;

namespace Ditar.Edge;

internal static class ModelFolder
{
    private static readonly string Name = Path.Combine("models", "ditar-tiny");

    /// <exception cref="SpeechException">There is none; the message lists the places.</exception>
    public static string Find() => Find(AppContext.BaseDirectory, Directory.GetCurrentDirectory());

    internal static string Find(string program, string current)
    {
        var places = AboveProgram(program).Append(current).Select(folder => Path.Combine(folder, Name)).Distinct().ToList();
        return places.FirstOrDefault(place => File.Exists(Path.Combine(place, DitarCheckpoint.ConfigFile)))
            ?? throw new SpeechException($"no model found; looked for {string.Join(", ", places)}; give its folder with --model");
    }

    // Only inside a checkout does looking upwards make sense; elsewhere it would find strangers' files.
    private static List<string> AboveProgram(string program)
    {
        var above = new List<string>();
        for (var folder = new DirectoryInfo(program); folder is not null; folder = folder.Parent)
        {
            above.Add(folder.FullName);
            if (File.Exists(Path.Combine(folder.FullName, "Ditar.sln"))) return above;
        }

        return above[..1];
    }
}
