// Where a reader would stop: the ends of sentences and of clauses in text as written, in any script. Marks that are followed by a space in their languages
// need one here too, so 3.14, 10:30, e.g. and example.com/?a=b stay whole; the marks of Chinese and Japanese need none. Left out: any grammar beyond
// punctuation. "Dr. Who" rests on a list of abbreviations, and Thai, which has no marks, is cut at its spaces.

using System.Buffers;

namespace Ditar.Edge;

internal static class SentenceBreaks
{
    // Latin and Greek; then Arabic, Urdu, Devanagari (2), Armenian, Ethiopic, Burmese, Khmer.
    private const string Ends = ".!?…\u061f\u06d4\u0964\u0965\u0589\u1362\u104b\u17d4";
    private const string WideEnds = "。！？｡";
    private const string ClauseMarks = ",;:—–)\u060c\u061b\u1363\u104a";
    private const string WideClauseMarks = "，、；：）､";
    private const string Closers = "\"'”’)]»」』）】》〉］｝";

    private static readonly SearchValues<char> BeforeWord = SearchValues.Create(" \t\r\n(\"'“‘");

    // Abbreviations that no sentence ends with: English, German, French, Spanish, Italian, Dutch, Polish, Czech.
    private static readonly HashSet<string> Titles = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "capt", "gen", "col", "sgt", "rev", "hon",
        "z.b", "d.h", "u.a", "bzw", "ca", "nr", "hr", "fr", "str", "mme", "mlle", "sr", "sra", "srta", "dra", "ud", "uds", "sig", "dott", "dhr", "mevr", "np", "tzn", "např", "tzv",
    };

    // Those that may end one: the next letter tells. So does any word with a full stop inside (a.m., U.S.).
    private static readonly HashSet<string> ShortForms = new(StringComparer.OrdinalIgnoreCase)
    {
        "etc", "approx", "inc", "ltd", "corp", "dept", "ave", "rd", "jr", "hr", "ft", "lb", "oz", "tel", "usw", "ecc", "itd",
    };

    // "Am 3. Oktober": German numbers its days with full stops and begins its months with capitals.
    private static readonly HashSet<string> Months = new(StringComparer.Ordinal)
    {
        "Januar", "Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
    };

    /// <summary>Whether a character stands for a syllable and needs no space beside it: Han, kana, hangul, and the marks between them.</summary>
    public static bool IsWide(char character) =>
        character is >= '\u2e80' and <= '\u9fff' or >= '\uac00' and <= '\ud7af' or >= '\ud840' and <= '\ud8bf' or >= '\uf900' and <= '\ufaff' or >= '\ufe30' and <= '\ufe4f' or >= '\uff00' and <= '\uffef';

    /// <summary>The sentences of a text, in order; together they are the text. One that ends in a line feed ends a paragraph.</summary>
    public static IEnumerable<string> Sentences(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (!EndsSentence(text, start, i, out var after)) continue;
            yield return text[start..after];
            start = after;
            i = after - 1;
        }

        if (start < text.Length) yield return text[start..];
    }

    /// <summary>The clauses of a sentence, in order; together they are the sentence.</summary>
    public static IEnumerable<string> Clauses(string sentence)
    {
        var start = 0;
        for (var i = 0; i < sentence.Length - 1; i++)
        {
            if (!EndsClause(sentence, i)) continue;
            yield return sentence[start..(i + 1)];
            start = i + 1;
        }

        yield return sentence[start..];
    }

    /// <summary>Whether a mark goes with what stands before it: no line begins with one.</summary>
    public static bool IsClosing(char character) =>
        Ends.Contains(character) || WideEnds.Contains(character) || ClauseMarks.Contains(character) || WideClauseMarks.Contains(character) || Closers.Contains(character);

    private static bool EndsClause(string sentence, int at)
    {
        if (ClauseMarks.Contains(sentence[at])) return char.IsWhiteSpace(sentence[at + 1]);
        if (!WideClauseMarks.Contains(sentence[at]) || IsClosing(sentence[at + 1])) return false;
        return at == 0 || !(char.IsDigit(sentence[at - 1]) && char.IsDigit(sentence[at + 1]));
    }

    private static bool EndsSentence(string text, int start, int at, out int after)
    {
        after = at + 1;
        // A single line break only wraps a line; an empty line ends whatever stands before it.
        if (text[at] == '\n') return at + 1 < text.Length && text.AsSpan(at + 1).TrimStart(" \t\r") is ['\n', ..];
        var wide = WideEnds.Contains(text[at]);
        if (!wide && !Ends.Contains(text[at])) return false;
        for (; after < text.Length && (Ends.Contains(text[after]) || WideEnds.Contains(text[after]) || Closers.Contains(text[after])); after++)
            wide |= WideEnds.Contains(text[after]);
        if (after == text.Length || wide) return true;
        if (!char.IsWhiteSpace(text[after])) return text[at] != '.' && IsWide(text[after]);
        if (text[at] != '.' || after > at + 1) return true;
        var next = text.AsSpan(after).TrimStart();
        if (next.IsEmpty) return true;
        var word = text.AsSpan(start, at - start);
        word = word[(word.LastIndexOfAny(BeforeWord) + 1)..];
        return !IsAbbreviation(word, next);
    }

    private static bool IsAbbreviation(ReadOnlySpan<char> word, ReadOnlySpan<char> next)
    {
        if (char.IsAsciiDigit(next[0]) && (word is "No" or "no" or "Fig" or "fig")) return true;
        if (word is [var letter] && char.IsLetter(letter)) return true;                            // J. Doe, z. B., d. h.
        var last = word.ToString();
        if (Titles.Contains(last)) return true;
        if (word.Length is 1 or 2 && !word.ContainsAnyExceptInRange('0', '9') && IsMonth(next)) return true;
        return char.IsLower(next[0]) && (word.Contains('.') || ShortForms.Contains(last));
    }

    private static bool IsMonth(ReadOnlySpan<char> next)
    {
        var length = 0;
        while (length < next.Length && char.IsLetter(next[length])) length++;
        return Months.Contains(next[..length].ToString());
    }
}
