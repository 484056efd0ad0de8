// Single signs that have a name, and short forms of words that are said in full.
using System.Collections.Frozen;

namespace Ditar.Reference.Text;

internal static class EnglishSymbols
{
    // Short forms that need no dot. Applied to the finished words, and none of their readings is itself a short form.
    private static readonly FrozenDictionary<string, string> Undotted = new Dictionary<string, string>
    {
        ["mr"] = "mister",
        ["mrs"] = "missus",
        ["ms"] = "miz",
        ["dr"] = "doctor",
        ["etc"] = "et cetera",
        ["vs"] = "versus",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Dotted = new Dictionary<string, string>
    {
        ["e.g."] = "for example",
        ["i.e."] = "that is",
        ["approx."] = "approximately",
        ["prof."] = "professor",
        ["dept."] = "department",
        ["ave."] = "avenue",
        ["blvd."] = "boulevard",
        ["inc."] = "incorporated",
        ["ltd."] = "limited",
        ["corp."] = "corporation",
        ["capt."] = "captain",
        ["jr."] = "junior",
        ["sr."] = "senior",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Also ordinary words or their beginnings, therefore only with a capital letter.
    private static readonly FrozenDictionary<string, string> DottedCapital = new Dictionary<string, string>
    {
        ["Jan."] = "january",
        ["Feb."] = "february",
        ["Mar."] = "march",
        ["Apr."] = "april",
        ["Jun."] = "june",
        ["Jul."] = "july",
        ["Aug."] = "august",
        ["Sep."] = "september",
        ["Sept."] = "september",
        ["Oct."] = "october",
        ["Nov."] = "november",
        ["Dec."] = "december",
        ["Mt."] = "mount",
        ["Co."] = "company",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // And these only before a number.
    private static readonly FrozenDictionary<string, string> BeforeNumber = new Dictionary<string, string>
    {
        ["no."] = "number",
        ["nos."] = "numbers",
        ["fig."] = "figure",
        ["vol."] = "volume",
        ["p."] = "page",
        ["pp."] = "pages",
        ["ch."] = "chapter",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string ShortForm(string word) => Undotted.GetValueOrDefault(word, word);

    public static bool IsShortForm(string word) => Undotted.ContainsKey(word);

    /// <summary>The reading of a short form that is written with its dot.</summary>
    /// <param name="dotted">As in the text, the last dot included.</param>
    /// <param name="rest">The text after it.</param>
    public static string? Abbreviation(string dotted, ReadOnlySpan<char> rest)
    {
        var next = rest.TrimStart(' ');
        var lower = dotted.ToLowerInvariant();
        if (!next.IsEmpty && char.IsAsciiDigit(next[0]) && BeforeNumber.TryGetValue(lower, out var counted))
            return counted;
        if (lower == "st.")
            return !next.IsEmpty && char.IsAsciiLetterUpper(next[0]) && dotted[0] == 'S' ? "saint" : "street";
        return Dotted.GetValueOrDefault(lower) ?? DottedCapital.GetValueOrDefault(dotted);
    }

    public static string? Fraction(char sign) => sign switch
    {
        '½' => "one half",
        '¼' => "one quarter",
        '¾' => "three quarters",
        '⅓' => "one third",
        '⅔' => "two thirds",
        _ => null,
    };

    /// <param name="beforeDigit">A digit follows directly.</param>
    public static string? Sign(char sign, bool beforeDigit) => sign switch
    {
        '&' => "and",
        '+' => "plus",
        '=' => "equals",
        '@' => "at",
        '%' => "percent",
        '#' => beforeDigit ? "number" : "hash",
        '$' => "dollars",
        '£' => "pounds",
        '€' => "euros",
        '¥' => "yen",
        '°' => "degrees",
        '×' => "times",
        '÷' => "divided by",
        '±' => "plus or minus",
        '<' => "less than",
        '>' => "greater than",
        '≤' => "at most",
        '≥' => "at least",
        '²' => "squared",
        '³' => "cubed",
        'π' => "pi",
        '∞' => "infinity",
        '§' => "section",
        '©' => "copyright",
        _ => Fraction(sign),
    };
}
