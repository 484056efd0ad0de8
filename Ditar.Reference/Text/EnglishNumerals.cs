// Everything written with digits, as it is said in English: dates, times, telephone numbers, money, percentages, degrees, units, ordinals, decades,
// fractions, versions and plain numbers. Each rule looks at one place of the text and either gives words and the length it has read, or passes.
// The order of the rules is the order of preference; a pattern has no unbounded choice inside a repetition, so the time is linear in the text.
// Day and month: a number above 12 decides; where both fit, the day comes first (21/11, 3/4/2026 is the third of April).
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ditar.Reference.Text;

internal static partial class EnglishNumerals
{
    private const string Number = @"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)";

    private static readonly (Regex Pattern, Func<Match, string?> Words)[] Rules =
    [
        (IsoDate(), match => Date(match.Groups[3].Value, match.Groups[2].Value, match.Groups[1].Value)),
        (SlashDate(), SlashDateOrFraction),
        (DotDate(), match => Date(match.Groups[1].Value, match.Groups[3].Value, match.Groups[4].Value)),
        (ClockTime(), Clock),
        (Hour(), match => int.Parse(match.Groups[1].Value) is >= 1 and <= 12 and var hour ? $"{EnglishNumbers.Cardinal(hour)} {HalfOfDay(match.Groups[2].Value)}" : null),
        (Telephone(), match => match.Value.Count(char.IsAsciiDigit) < 7 ? null : (match.Value[0] == '+' ? "plus " : "") + EnglishNumbers.Digits(match.Value)),
        (MoneyBefore(), match => Money(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value)),
        (MoneyAfter(), match => Money(match.Groups[2].Value, match.Groups[1].Value, "")),
        (OrdinalNumber(), match => Whole(match.Groups[1].Value) is { } number ? EnglishNumbers.Ordinal(number) : null),
        (Decade(), DecadeWords),
        (Version(), match => string.Join(" point ", match.Value.Split('.').Select(Quantity))),
        (Percentage(), match => Quantity(match.Groups[1].Value) + " percent"),
        (Temperature(), TemperatureWords),
        (Measure(), match => Quantity(match.Groups[1].Value) + " " + Unit(match.Groups[2].Value, match.Groups[1].Value)),
        (Mixed(), match => $"{Quantity(match.Groups[1].Value)} and {EnglishSymbols.Fraction(match.Groups[2].Value[0])!.Replace("one half", "a half", StringComparison.Ordinal)}"),
        (PlainNumber(), match => Standalone(match.Value)),
    ];

    private static readonly string[] Months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    /// <summary>The words for what begins at a position, if it is something written with digits.</summary>
    /// <param name="length">How many characters the words stand for.</param>
    public static string? Read(string text, int position, out int length)
    {
        foreach (var (pattern, words) in Rules)
        {
            var match = pattern.Match(text, position);
            if (match.Success && words(match) is { } read)
            {
                length = match.Length;
                return read;
            }
        }

        length = 0;
        return null;
    }

    private static string? Date(string day, string month, string year)
    {
        var (d, m) = (int.Parse(day), int.Parse(month));
        if (m is < 1 or > 12 && d is >= 1 and <= 12)
            (d, m) = (m, d);
        if (m is < 1 or > 12 || d is < 1 or > 31)
            return null;
        var date = $"the {EnglishNumbers.Ordinal(d)} of {Months[m - 1]}";
        if (year.Length == 0)
            return date;
        var y = int.Parse(year);
        if (year.Length == 2)
            y += y < 70 ? 2000 : 1900;
        return $"{date} {(y is >= 1100 and <= 2099 ? EnglishNumbers.Year(y) : EnglishNumbers.Cardinal(y))}";
    }

    private static string? SlashDateOrFraction(Match match)
    {
        var (first, second, year) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        var fraction = year.Length > 0 ? null : match.Value switch
        {
            "1/2" => "one half",
            "1/3" => "one third",
            "2/3" => "two thirds",
            "1/4" => "one quarter",
            "3/4" => "three quarters",
            "24/7" => "twenty four seven",
            _ => null,
        };
        return fraction ?? Date(first, second, year) ?? (year.Length > 0 ? null : $"{Quantity(first)} over {Quantity(second)}");
    }

    private static string? Clock(Match match)
    {
        var (hour, minute) = (int.Parse(match.Groups[1].Value), int.Parse(match.Groups[2].Value));
        var (second, half) = (match.Groups[3].Value, match.Groups[4].Value);
        if (hour > 24 || minute > 59)
            return null;
        var words = EnglishNumbers.Cardinal(hour);
        if (minute > 0)
            words += minute < 10 ? $" oh {EnglishNumbers.Cardinal(minute)}" : $" {EnglishNumbers.Cardinal(minute)}";
        else if (half.Length == 0)
            words += hour is >= 1 and <= 12 ? " o'clock" : " hundred";
        if (second.Length > 0)
            words += int.Parse(second) is var count and < 60 ? $" and {EnglishNumbers.Cardinal(count)} {(count == 1 ? "second" : "seconds")}" : $" {Quantity(second)}";
        return half.Length > 0 ? $"{words} {HalfOfDay(half)}" : words;
    }

    private static string HalfOfDay(string text) => text[0] is 'a' or 'A' ? "a m" : "p m";

    private static string Money(string sign, string amount, string scale)
    {
        var (unit, units, cent, cents) = sign switch
        {
            "$" => ("dollar", "dollars", "cent", "cents"),
            "£" => ("pound", "pounds", "penny", "pence"),
            "€" => ("euro", "euros", "cent", "cents"),
            _ => ("yen", "yen", "", ""),
        };
        if (scale.Length > 0)
        {
            var name = scale switch { "k" or "K" => "thousand", "m" or "M" => "million", "bn" => "billion", _ => scale };
            return $"{Quantity(amount)} {name} {units}";
        }

        var point = amount.IndexOf('.', StringComparison.Ordinal);
        if (point < 0 || amount.Length - point != 3 || cent.Length == 0)
            return $"{Quantity(amount)} {(amount == "1" ? unit : units)}";
        var (whole, part) = (amount[..point], int.Parse(amount[(point + 1)..]));
        var small = part == 0 ? "" : $"{EnglishNumbers.Cardinal(part)} {(part == 1 ? cent : cents)}";
        if (whole is "" or "0")
            return part == 0 ? $"zero {units}" : small;
        var large = $"{Quantity(whole)} {(whole == "1" ? unit : units)}";
        return part == 0 ? large : $"{large} and {small}";
    }

    private static string DecadeWords(Match match)
    {
        var digits = match.Groups[1].Value;
        return EnglishNumbers.Plural(digits.Length == 4 ? EnglishNumbers.Year(int.Parse(digits)) : EnglishNumbers.Cardinal(int.Parse(digits)));
    }

    private static string TemperatureWords(Match match)
    {
        var scale = match.Groups[2].Value switch { "C" => " celsius", "F" => " fahrenheit", _ => "" };
        return $"{Quantity(match.Groups[1].Value)} {(match.Groups[1].Value == "1" ? "degree" : "degrees")}{scale}";
    }

    private static string Unit(string unit, string amount)
    {
        var (one, many) = unit switch
        {
            "km/h" or "kph" => ("kilometer per hour", "kilometers per hour"),
            "mph" => ("mile per hour", "miles per hour"),
            "km" => ("kilometer", "kilometers"),
            "cm" => ("centimeter", "centimeters"),
            "mm" => ("millimeter", "millimeters"),
            "kg" => ("kilogram", "kilograms"),
            "mg" => ("milligram", "milligrams"),
            "ml" => ("milliliter", "milliliters"),
            "ms" => ("millisecond", "milliseconds"),
            "ft" => ("foot", "feet"),
            "lb" or "lbs" => ("pound", "pounds"),
            "oz" => ("ounce", "ounces"),
            "Hz" => ("hertz", "hertz"),
            "kHz" => ("kilohertz", "kilohertz"),
            "MHz" => ("megahertz", "megahertz"),
            "GHz" => ("gigahertz", "gigahertz"),
            "kB" or "KB" => ("kilobyte", "kilobytes"),
            "MB" => ("megabyte", "megabytes"),
            "GB" => ("gigabyte", "gigabytes"),
            _ => ("terabyte", "terabytes"),
        };
        return amount == "1" ? one : many;
    }

    /// <summary>A number on its own: four digits without a comma are read as a year where they can be one.</summary>
    private static string Standalone(string number) =>
        number.Length == 4 && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var year) && year is >= 1100 and <= 2099
            ? EnglishNumbers.Year(year)
            : Quantity(number);

    /// <summary>A number that counts something. Seven digits and more, or a leading zero, are a code: digit by digit.</summary>
    private static string Quantity(string number)
    {
        var point = number.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
            return $"{(point == 0 ? "zero" : Quantity(number[..point]))} point {EnglishNumbers.Digits(number.AsSpan(point))}";
        var code = number.Length > 1 && number[0] == '0' || (number.Length >= 7 && !number.Contains(',', StringComparison.Ordinal));
        return !code && Whole(number) is { } value ? EnglishNumbers.Cardinal(value) : EnglishNumbers.Digits(number);
    }

    private static long? Whole(string number) =>
        long.TryParse(number.Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= EnglishNumbers.LargestCardinal
            ? value
            : null;

    [GeneratedRegex(@"\G([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9-])(?:T(?=[0-9]))?")]
    private static partial Regex IsoDate();

    [GeneratedRegex(@"\G([0-9]{1,2})/([0-9]{1,2})(?:/([0-9]{4}|[0-9]{2}))?(?![0-9/])")]
    private static partial Regex SlashDate();

    [GeneratedRegex(@"\G([0-9]{1,2})([.-])([0-9]{1,2})\2([0-9]{4})(?![0-9])")]
    private static partial Regex DotDate();

    [GeneratedRegex(@"\G([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9])(?: ?([aApP](?:[mM](?![a-zA-Z])|\.[mM]\.)))?")]
    private static partial Regex ClockTime();

    [GeneratedRegex(@"\G([0-9]{1,2}) ?([aApP](?:[mM](?![a-zA-Z])|\.[mM]\.))")]
    private static partial Regex Hour();

    // International (+44 20 ...), national with a leading zero (020 7946 0958), area code in brackets, and 555-0123 with or without its area code.
    [GeneratedRegex(@"\G(?:\+[0-9][0-9 ()/-]{5,18}[0-9]|0[0-9]{1,4}(?:[ /-][0-9]{2,8}){1,4}|\([0-9]{2,5}\) ?[0-9]{3,4}(?:[ -][0-9]{3,4}){0,2}|(?:[0-9]{3}[ -])?[0-9]{3}-[0-9]{4})(?![0-9-])")]
    private static partial Regex Telephone();

    [GeneratedRegex(@"\G([$£€¥]) ?(" + Number + @")(?: ?(thousand|million|billion|trillion|bn|[kKmM])(?![a-zA-Z]))?")]
    private static partial Regex MoneyBefore();

    [GeneratedRegex(@"\G(" + Number + @") ?([$£€¥])(?! ?[0-9])")]
    private static partial Regex MoneyAfter();

    [GeneratedRegex(@"\G([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:st|nd|rd|th|ST|ND|RD|TH)(?![a-zA-Z0-9])")]
    private static partial Regex OrdinalNumber();

    [GeneratedRegex(@"\G((?:1[1-9]|20)?[1-9]0|(?:1[1-9]|20)00)['’]?s(?![a-zA-Z0-9])")]
    private static partial Regex Decade();

    [GeneratedRegex(@"\G[0-9]{1,9}(?:\.[0-9]{1,9}){2,}")]
    private static partial Regex Version();

    [GeneratedRegex(@"\G(" + Number + ") ?%")]
    private static partial Regex Percentage();

    [GeneratedRegex(@"\G(" + Number + @") ?° ?(?:([CF])(?![a-zA-Z]))?")]
    private static partial Regex Temperature();

    [GeneratedRegex(@"\G(" + Number + @") ?(km/h|kph|mph|km|cm|mm|kg|mg|ml|ms|ft|lbs?|oz|[kMG]?Hz|[kKMGT]B)(?![a-zA-Z0-9])")]
    private static partial Regex Measure();

    [GeneratedRegex(@"\G([0-9]+) ?([½¼¾⅓⅔])")]
    private static partial Regex Mixed();

    [GeneratedRegex(@"\G" + Number)]
    private static partial Regex PlainNumber();
}
