// Brings letters of European spellings to plain lower-case letters: upper to lower case, accents off, ligatures apart, curly quotes straight.
// An own table of Latin-1 and Latin Extended-A: the answer must not depend on the globalisation data that a machine happens to have.
// Left out: every other script. There is no honest way to read it with the English alphabet, so it stays unknown.
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Ditar.Reference.Text;

public static class CharacterFolding
{
    private static readonly FrozenDictionary<int, string> Table = BuildTable();

    /// <summary>The plain form of a character: lower-case letters, a space or an apostrophe; empty for a combining accent (which is taken off);
    /// null when there is none. Plain characters fold to themselves.</summary>
    public static string? Fold(Rune character)
    {
        if (character.IsAscii)
        {
            var ascii = (char)character.Value;
            return ascii is >= 'A' and <= 'Z' ? ((char)(ascii | 0x20)).ToString()
                : ascii is >= 'a' and <= 'z' or '\'' ? ascii.ToString()
                : ascii is ' ' or >= '\t' and <= '\r' ? " "
                : null;
        }

        if (Table.TryGetValue(character.Value, out var plain))
            return plain;
        return Rune.GetUnicodeCategory(character) switch
        {
            UnicodeCategory.NonSpacingMark when character.Value is >= 0x300 and <= 0x36F => "",
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => " ",
            _ => null,
        };
    }

    private static FrozenDictionary<int, string> BuildTable()
    {
        // Plain form, then the characters that fold to it. Capitals are written beside their small letters.
        string[] rows =
        [
            "a ÀÁÂÃÄÅàáâãäåĀāĂăĄąªǍǎ", "c ÇçĆćĈĉĊċČč", "d ÐðĎďĐđ", "e ÈÉÊËèéêëĒēĔĕĖėĘęĚěẼẽ", "g ĜĝĞğĠġĢģ", "h ĤĥĦħ", "i ÌÍÎÏìíîïĨĩĪīĬĭĮįİıǏǐ", "j Ĵĵ",
            "k Ķķĸ", "l ĹĺĻļĽľĿŀŁł", "n ÑñŃńŅņŇňŉŊŋ", "o ÒÓÔÕÖØòóôõöøŌōŎŏŐőºǑǒ", "r ŔŕŖŗŘř", "s ŚśŜŝŞşŠšſȘș", "t ŢţŤťŦŧȚț",
            "u ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųǓǔ", "w Ŵŵ", "y ÝýÿŶŷŸ", "z ŹźŻżŽž", "ae Ææ", "oe Œœ", "ij Ĳĳ", "ss ßẞ", "th Þþ", "fi ﬁ", "fl ﬂ",
            "' ‘’‛ʼ＇",
        ];
        var table = new Dictionary<int, string>();
        foreach (var row in rows)
        {
            var space = row.IndexOf(' ', StringComparison.Ordinal);
            foreach (var character in row[(space + 1)..].EnumerateRunes())
                table.Add(character.Value, row[..space]);
        }

        // Letters of full width, as East Asian keyboards give them.
        for (var letter = 0; letter < 26; letter++)
            table['Ａ' + letter] = table['ａ' + letter] = ((char)('a' + letter)).ToString();
        return table.ToFrozenDictionary();
    }
}
