// Numbers as the corpus says them: digits, cardinals up to 9999, ordinals of the days of a month.
// Text that a user types is read by Ditar.Reference; this is only the generator's own small share.

namespace Ditar.Learn;

/// <summary>English words for small numbers, lower case, without hyphens.</summary>
internal static class NumberWords
{
    private static readonly string[] Small =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];

    private static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static readonly string[] SmallOrdinals =
        ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
         "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"];

    /// <summary>The ten digit words, zero first.</summary>
    public static ReadOnlySpan<string> Digits => Small.AsSpan(0, 10);

    /// <summary>The words of 0..9999; <paramref name="and"/> asks for "two hundred and five".</summary>
    public static string Cardinal(int number, bool and = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 9999);
        if (number < 20) return Small[number];
        if (number < 100) return Join(Tens[number / 10], number % 10, "", and);
        if (number < 1000) return Join(Small[number / 100] + " hundred", number % 100, and ? "and " : "", and);
        // "two thousand and five", but "two thousand three hundred and five": the "and" stands before the last two digits.
        return Join(Small[number / 1000] + " thousand", number % 1000, and && number % 1000 < 100 ? "and " : "", and);
    }

    /// <summary>The ordinal words of 1..31.</summary>
    public static string Ordinal(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 31);
        if (number < 20) return SmallOrdinals[number];
        if (number == 20) return "twentieth";
        if (number == 30) return "thirtieth";
        return $"{Tens[number / 10]} {SmallOrdinals[number % 10]}";
    }

    private static string Join(string head, int rest, string link, bool and) => rest == 0 ? head : $"{head} {link}{Cardinal(rest, and)}";
}
