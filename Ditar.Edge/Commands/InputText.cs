// Where the text to speak comes from: the command line, a file, or standard input. UTF-8; what is not shows as U+FFFD and is reported with the
// other unknown characters. Never reads more than can be spoken.

using System.Text;

namespace Ditar.Edge;

internal static class InputText
{
    public const string StandardInput = "-";

    /// <exception cref="SpeechException">More text than can be spoken.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string Read(IReadOnlyList<string> words, string? file)
    {
        if (file is not null)
        {
            if (Directory.Exists(file)) throw new IOException($"{file} is a folder, not a text");
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return ReadAll(stream, file);
        }

        if (words.Count > 0 && words is not [StandardInput]) return string.Join(' ', words);
        using var input = Console.OpenStandardInput();
        return ReadAll(input, "standard input");
    }

    private static string ReadAll(Stream stream, string name)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        var text = new char[Speaker.LongestText + 1];
        var length = reader.ReadBlock(text, 0, text.Length);
        return length > Speaker.LongestText
            ? throw new SpeechException($"{name} has more than {Speaker.LongestText} characters, the most that is spoken at a time")
            : new string(text, 0, length);
    }
}
