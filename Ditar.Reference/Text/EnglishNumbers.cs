// Numbers as English words: lower-case letters and spaces only, no hyphens, no "and" ("seven hundred thirty nine").
// Left out: any grammar around the number; that is EnglishNumerals.
using System.Text;

namespace Ditar.Reference.Text;

public static class EnglishNumbers
{
    /// <summary>Cardinals reach up to 999 999 999 999.</summary>
    public const long LargestCardinal = 999_999_999_999;

    private static readonly string[] Small =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
        "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] Tens = ["", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static readonly (long Size, string Name)[] Scales = [(1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"), (100, "hundred")];

    /// <summary>739 as "seven hundred thirty nine".</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or above <see cref="LargestCardinal"/>.</exception>
    public static string Cardinal(long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, LargestCardinal);
        if (number < 20)
            return Small[number];
        if (number < 100)
            return Joined(Tens[number / 10], number % 10);
        var (size, name) = Array.Find(Scales, scale => number >= scale.Size);
        return Joined($"{Cardinal(number / size)} {name}", number % size);
    }

    /// <summary>21 as "twenty first".</summary>
    /// <inheritdoc cref="Cardinal"/>
    public static string Ordinal(long number)
    {
        var cardinal = Cardinal(number);
        var start = cardinal.LastIndexOf(' ') + 1;
        var last = cardinal[start..];
        return cardinal[..start] + last switch
        {
            "one" => "first",
            "two" => "second",
            "three" => "third",
            "five" => "fifth",
            "eight" => "eighth",
            "nine" => "ninth",
            "twelve" => "twelfth",
            _ when last.EndsWith('y') => last[..^1] + "ieth",
            _ => last + "th",
        };
    }

    /// <summary>A year from 1100 to 2099 in the usual pairs: "nineteen oh five", "two thousand six", "twenty twenty six".</summary>
    public static string Year(int year)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(year, 1100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(year, 2099);
        var (century, rest) = (year / 100, year % 100);
        if (century == 20 && rest < 10)
            return Cardinal(year);
        return Cardinal(century) + (rest == 0 ? " hundred" : rest < 10 ? $" oh {Small[rest]}" : $" {Cardinal(rest)}");
    }

    /// <summary>The plural of a number's last word: "eighties", "nineteen hundreds".</summary>
    internal static string Plural(string words) => words.EndsWith('y') ? words[..^1] + "ies" : words + "s";

    /// <summary>Every digit by its name; all other characters are left out.</summary>
    public static string Digits(ReadOnlySpan<char> digits)
    {
        var words = new StringBuilder();
        foreach (var digit in digits)
        {
            if (char.IsAsciiDigit(digit))
                words.Append(words.Length == 0 ? "" : " ").Append(Small[digit - '0']);
        }

        return words.ToString();
    }

    private static string Joined(string head, long rest) => rest == 0 ? head : $"{head} {Cardinal(rest)}";
}
