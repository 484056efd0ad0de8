// The parts of a clause between which it may be cut where nothing better is left: words with the spaces after them, and in scripts without spaces single
// characters with the marks that belong to them. A number stays whole ("10 000", "３，０００", 一百二十), so does what an abbreviation's full stop ties together
// ("Dr. Smith", "z. B."), an address, a word. What is longer than the longest utterance by itself is chopped all the same: at its spaces, then between
// characters as a reader counts them.

using System.Globalization;

namespace Ditar.Edge;

internal static class UnbrokenWords
{
    private const string Openers = "([{「『（【《〈［｛“‘«";
    private const string Numerals = "零〇一二两三四五六七八九十百千万萬億亿点";

    /// <summary>Together they are the clause.</summary>
    public static IEnumerable<string> Of(string clause)
    {
        var start = 0;
        for (var i = 1; i < clause.Length; i++)
        {
            if (!MayCut(clause, i)) continue;
            yield return clause[start..i];
            start = i;
        }

        yield return clause[start..];
    }

    /// <summary>A word, in parts that fit.</summary>
    public static IEnumerable<string> Chopped(string word, Func<string, int> length, int longest)
    {
        if (length(word) <= longest) return [word];
        return Spaced(word).SelectMany(part => length(part) <= longest ? [part] : Characters(part, length, longest));
    }

    private static bool MayCut(string clause, int at)
    {
        var (before, after) = (clause[at - 1], clause[at]);
        if (char.IsWhiteSpace(after)) return false;
        if (char.IsWhiteSpace(before))
        {
            var word = clause.AsSpan(0, at).TrimEnd();
            if (word.IsEmpty) return false;

            // A sentence's end would have been found: this full stop shortens a word.
            return word[^1] != '.' && !(char.IsDigit(word[^1]) && char.IsDigit(after));
        }

        if (!SentenceBreaks.IsWide(before) && !SentenceBreaks.IsWide(after)) return false;
        if (char.IsLowSurrogate(after) || CharUnicodeInfo.GetUnicodeCategory(after) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark) return false;
        if (SentenceBreaks.IsClosing(after) || Openers.Contains(before)) return false;
        if (IsNumber(before) && IsNumber(after)) return false;
        return !(char.IsDigit(after) && at > 1 && char.IsDigit(clause[at - 2]) && SentenceBreaks.IsClosing(before));
    }

    private static bool IsNumber(char character) => char.IsDigit(character) || Numerals.Contains(character) || character is '%' or '％' or '．';

    private static IEnumerable<string> Spaced(string word)
    {
        var start = 0;
        for (var i = 1; i < word.Length; i++)
        {
            if (char.IsWhiteSpace(word[i]) || !char.IsWhiteSpace(word[i - 1])) continue;
            yield return word[start..i];
            start = i;
        }

        yield return word[start..];
    }

    private static IEnumerable<string> Characters(string word, Func<string, int> length, int longest)
    {
        var (start, used) = (0, 0);
        for (var i = 0; i < word.Length;)
        {
            var size = StringInfo.GetNextTextElementLength(word, i);
            // A pile of accents is one character and may be longer than anything.
            if (length(word.Substring(i, size)) > longest) size = char.IsSurrogatePair(word, i) && longest > 1 ? 2 : 1;
            var more = length(word.Substring(i, size));
            if (i > start && used + more > longest)
            {
                yield return word[start..i];
                (start, used) = (i, 0);
            }

            used += more;
            i += size;
        }

        yield return word[start..];
    }
}
