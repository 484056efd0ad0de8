// English text as it is read aloud, in the alphabet of the small models: lower-case letters, apostrophes inside words, single spaces.
// One pass from left to right: what is written with digits (EnglishNumerals), short forms and signs (EnglishSymbols), words (CharacterFolding);
// punctuation becomes a space. What has no reading is left out and reported. Its own output is read as itself.
// Left out: words that are written alike and said differently, Roman numerals, other languages, addresses of the web beyond "dot com".
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ditar.Reference.Text;

public static partial class EnglishReading
{
    /// <summary>"7:05, Dr Smith!" as "seven oh five doctor smith".</summary>
    /// <param name="text">Anything.</param>
    /// <param name="unknown">Gets the characters that have no reading and the letters that lost their accents, with their places in the text.</param>
    /// <returns>Only a to z, ' inside words, and single spaces between words; empty when nothing can be read.</returns>
    public static string Read(string text, ICollection<UnknownCharacter>? unknown = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        // Capitals mean something only where not everything is a capital.
        var capitalsMatter = text.Any(char.IsLower);
        var words = new StringBuilder(text.Length + 16);
        for (var position = 0; position < text.Length;)
        {
            position += IsNumeral(text, position) && EnglishNumerals.Read(text, position, out var length) is { } numeral
                ? Say(words, numeral, length)
                : ReadWord(text, position, capitalsMatter, words, unknown) is > 0 and var wordLength ? wordLength
                : ReadSign(text, position, words, unknown);
        }

        return Finish(words);
    }

    private static bool IsNumeral(string text, int position) => text[position] switch
    {
        >= '0' and <= '9' => true,
        '.' => position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]) && !IsWordOrDigit(text, position - 1),
        '+' or '(' or '$' or '£' or '€' or '¥' => true,
        _ => false,
    };

    /// <summary>Reads a short form or a word; 0 when none begins here.</summary>
    private static int ReadWord(string text, int position, bool capitalsMatter, StringBuilder words, ICollection<UnknownCharacter>? unknown)
    {
        if (DottedForm().Match(text, position) is { Success: true } dotted && EnglishSymbols.Abbreviation(dotted.Value, text.AsSpan(position + dotted.Length)) is { } full)
            return Say(words, full, dotted.Length);
        // Two to five capitals without a vowel cannot be said but as letters: BBC, TV.
        if (capitalsMatter && Consonants().Match(text, position) is { Success: true } capitals && !EnglishSymbols.IsShortForm(capitals.Value.ToLowerInvariant()))
            return Say(words, string.Join(' ', capitals.Value.ToLowerInvariant().ToCharArray()), capitals.Length);
        if (Word().Match(text, position) is not { Success: true } word)
            return 0;
        words.Append(' ');
        var at = position;
        foreach (var rune in word.ValueSpan.EnumerateRunes())
        {
            var plain = CharacterFolding.Fold(rune);
            if (plain is null)
                unknown?.Add(new UnknownCharacter(at, rune.ToString(), CharacterFate.Dropped, ""));
            else if (!rune.IsAscii && plain != "'")
                unknown?.Add(new UnknownCharacter(at, rune.ToString(), CharacterFate.Folded, plain));
            words.Append(plain ?? " ");
            at += rune.Utf16SequenceLength;
        }

        words.Append(' ');
        return word.Length;
    }

    /// <summary>Reads one character that is neither digit nor letter.</summary>
    private static int ReadSign(string text, int position, StringBuilder words, ICollection<UnknownCharacter>? unknown)
    {
        var sign = text[position];
        var beforeDigit = position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]);
        var afterDigit = position > 0 && char.IsAsciiDigit(text[position - 1]);
        if (sign is '-' or '–' or '−' && Amount().IsMatch(text, position + 1))
        {
            // 5-10 is a range, F-16 a name, -5 a number below zero.
            if (afterDigit && beforeDigit)
                return Say(words, "to", 1);
            if (!IsWordOrDigit(text, position - 1) && sign != '–')
                return Say(words, "minus", 1);
        }

        if (sign == '*' && afterDigit && beforeDigit)
            return Say(words, "times", 1);
        if (sign == '.' && IsWordOrDigit(text, position - 1) && TopLevelDomain().IsMatch(text, position + 1))
            return Say(words, "dot", 1);
        if (EnglishSymbols.Sign(sign, beforeDigit) is { } name)
            return Say(words, name, 1);
        words.Append(' ');
        if (!Rune.TryGetRuneAt(text, position, out var rune))
            rune = Rune.ReplacementChar;
        if (!IsSilent(rune))
            unknown?.Add(new UnknownCharacter(position, rune.ToString(), CharacterFate.Dropped, ""));
        return rune == Rune.ReplacementChar ? 1 : rune.Utf16SequenceLength;
    }

    private static int Say(StringBuilder words, string said, int length)
    {
        words.Append(' ').Append(said).Append(' ');
        return length;
    }

    private static bool IsWordOrDigit(string text, int position) => position >= 0 && char.IsLetterOrDigit(text[position]);

    /// <summary>Punctuation and white space are heard as pauses; nobody needs to be told.</summary>
    private static bool IsSilent(Rune rune) => rune.IsAscii || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
        or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control or UnicodeCategory.Format;

    /// <summary>Single spaces, apostrophes only between letters, short forms in full.</summary>
    private static string Finish(StringBuilder words)
    {
        var said = words.ToString().ToCharArray();
        for (var i = 0; i < said.Length; i++)
        {
            if (said[i] == '\'' && !(i > 0 && char.IsAsciiLetter(said[i - 1]) && i + 1 < said.Length && char.IsAsciiLetter(said[i + 1])))
                said[i] = ' ';
        }

        return string.Join(' ', new string(said).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(EnglishSymbols.ShortForm));
    }

    [GeneratedRegex(@"\G(?<![a-zA-Z])(?:[a-zA-Z]{1,8}\.){1,3}")]
    private static partial Regex DottedForm();

    [GeneratedRegex(@"\G[B-DF-HJ-NP-TV-XZ]{2,5}(?![\p{L}'’])")]
    private static partial Regex Consonants();

    [GeneratedRegex(@"\G[\p{L}\p{M}]+(?:['‘’ʼ][\p{L}\p{M}]+)*")]
    private static partial Regex Word();

    [GeneratedRegex(@"\G(?:[$£€¥] ?)?\.?[0-9]")]
    private static partial Regex Amount();

    [GeneratedRegex(@"\G(?:com|org|net|edu|gov|io|dev|ai|uk|de|eu)(?![a-zA-Z])")]
    private static partial Regex TopLevelDomain();
}
