// Cuts a text into utterances that a small model can hold: at the ends of sentences always, and where a sentence as read is still too long, at its
// commas, then between words, at last inside a word. Cutting looks at the text as written (reading drops punctuation), lengths at the text as read
// ("1998" is eleven letters longer when spoken). Left out: any grammar beyond punctuation, so "Dr. Who" rests on a list of abbreviations.

using System.Buffers;
using System.Text;

namespace Ditar.Edge;

internal static class UtteranceSplitter
{
    private const string Ends = ".!?…";
    private const string ClauseMarks = ",;:—–)";
    private const string Closers = "\"'”’)]»";

    private static readonly SearchValues<char> BeforeWord = SearchValues.Create(" \t\r\n(\"'“‘");

    // Abbreviations that no sentence ends with.
    private static readonly HashSet<string> Titles = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "capt", "gen", "col", "sgt", "rev", "hon",
    };

    // Those that may end one: the next letter tells. So does any word with a full stop inside (a.m., U.S.).
    private static readonly HashSet<string> ShortForms = new(StringComparer.OrdinalIgnoreCase)
    {
        "etc", "approx", "inc", "ltd", "corp", "dept", "ave", "rd", "jr", "sr", "hr", "ft", "lb", "oz", "tel",
    };

    /// <param name="text">As written.</param>
    /// <param name="read">Turns a piece of it into what the model reads: words with single spaces between.</param>
    /// <param name="longest">Characters of an utterance as read, at least 1.</param>
    /// <returns>None empty, none longer; their words in order are those of the pieces as read.</returns>
    public static IReadOnlyList<(string Text, UtteranceBreak Break)> Split(string text, Func<string, string> read, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        var utterances = new List<(string, UtteranceBreak)>();
        foreach (var sentence in Sentences(text))
        {
            var spoken = read(sentence);
            if (spoken.Length == 0) continue;
            if (spoken.Length <= longest)
            {
                utterances.Add((spoken, UtteranceBreak.Sentence));
                continue;
            }

            var parts = Pack(Clauses(sentence).Select(read).Where(clause => clause.Length > 0).SelectMany(clause => Fit(clause, longest)), longest);
            for (var i = 0; i < parts.Count; i++)
                utterances.Add(i == parts.Count - 1 ? (parts[i].Text, UtteranceBreak.Sentence) : parts[i]);
        }

        return utterances;
    }

    /// <summary>The sentences of a text, in order; together they are the text.</summary>
    internal static IEnumerable<string> Sentences(string text)
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

    private static IEnumerable<string> Clauses(string sentence)
    {
        var start = 0;
        for (var i = 0; i < sentence.Length - 1; i++)
        {
            if (!ClauseMarks.Contains(sentence[i]) || !char.IsWhiteSpace(sentence[i + 1])) continue;
            yield return sentence[start..(i + 1)];
            start = i + 1;
        }

        yield return sentence[start..];
    }

    private static bool EndsSentence(string text, int start, int at, out int after)
    {
        after = at + 1;
        // A single line break only wraps a line; an empty line ends whatever stands before it.
        if (text[at] == '\n') return at + 1 < text.Length && text.AsSpan(at + 1).TrimStart(" \t\r") is ['\n', ..];
        if (!Ends.Contains(text[at])) return false;
        while (after < text.Length && (Ends.Contains(text[after]) || Closers.Contains(text[after]))) after++;
        if (after == text.Length) return true;
        if (!char.IsWhiteSpace(text[after])) return false;
        if (text[at] != '.' || after > at + 1) return true;
        var next = text.AsSpan(after).TrimStart();
        if (next.IsEmpty) return true;
        var word = text.AsSpan(start, at - start);
        word = word[(word.LastIndexOfAny(BeforeWord) + 1)..];
        var initial = word is [var letter] && char.IsUpper(letter);
        if (char.IsAsciiDigit(next[0]) && (word is "No" or "no" or "Fig" or "fig")) return false;
        if (initial || Titles.Contains(word.ToString())) return false;
        return !char.IsLower(next[0]) || !(word.Contains('.') || ShortForms.Contains(word.ToString()));
    }

    // One clause as read, cut between words where it is too long, and inside a word where there is no other way.
    private static List<(string Text, UtteranceBreak Break)> Fit(string clause, int longest)
    {
        if (clause.Length <= longest) return [(clause, UtteranceBreak.Clause)];
        var words = clause.Split(' ').SelectMany(word => word.Chunk(longest)).Select(letters => (new string(letters), UtteranceBreak.Word)).ToList();
        var count = Pack(words, longest).Count;
        // As many parts as are needed, and none much shorter than the others: a lone last word is badly spoken.
        // The spaces at the cuts fall away, so the mean may be one more than the longest.
        var limit = Math.Min(longest, (clause.Length + count - 1) / count);
        while (Pack(words, limit).Count > count) limit++;
        var parts = Pack(words, limit);
        parts[^1] = (parts[^1].Text, UtteranceBreak.Clause);
        return parts;
    }

    // Joins neighbours as long as they fit.
    private static List<(string Text, UtteranceBreak Break)> Pack(IEnumerable<(string Text, UtteranceBreak Break)> parts, int longest)
    {
        var packed = new List<(string, UtteranceBreak)>();
        var line = new StringBuilder();
        var after = UtteranceBreak.Word;
        foreach (var (text, kind) in parts)
        {
            if (line.Length > 0 && line.Length + 1 + text.Length > longest)
            {
                packed.Add((line.ToString(), after));
                line.Clear();
            }

            if (line.Length > 0) line.Append(' ');
            line.Append(text);
            after = kind;
        }

        if (line.Length > 0) packed.Add((line.ToString(), after));
        return packed;
    }
}
