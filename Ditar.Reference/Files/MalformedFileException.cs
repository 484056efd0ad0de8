// What every reader of the project throws when a file is not what it says it is: which file, which part, what was expected, what was found.
// Left out: trouble with the disk (missing rights, no space), which stays the IOException or UnauthorizedAccessException of the system.
using System.Globalization;
using System.Text;

namespace Ditar.Reference.Files;

public abstract class MalformedFileException : Exception
{
    private const int LongestQuote = 120;

    protected MalformedFileException(string file, string? part, string expected, string found, Exception? inner = null)
        : base($"{file}: {(part is null ? "" : part + ": ")}expected {expected}, found {found}.", inner)
    {
        File = file;
        Expected = expected;
        Found = found;
    }

    /// <summary>Path of the file, or the name that the caller gave to a stream.</summary>
    public string File { get; }

    public string Expected { get; }

    public string Found { get; }

    /// <summary>Text out of an untrusted file, fit for a message: quoted, shortened, control characters written as \uXXXX.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, LongestQuote)))
        {
            if (char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' or '"' or '\\')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else
                quoted.Append(character);
        }

        return quoted.Append(text.Length > LongestQuote ? "...\"" : "\"").ToString();
    }
}
