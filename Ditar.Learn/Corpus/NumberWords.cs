// Numbers as the corpus says them: those of Ditar.Reference, at times with the "and" that many speakers put before the last two digits.

using Ditar.Reference.Text;

namespace Ditar.Learn;

internal static class NumberWords
{
    /// <param name="and">"two hundred and five" instead of "two hundred five".</param>
    public static string Cardinal(int number, bool and = false)
    {
        var rest = number % 100;
        return and && number > 100 && rest > 0
            ? $"{EnglishNumbers.Cardinal(number - rest)} and {EnglishNumbers.Cardinal(rest)}"
            : EnglishNumbers.Cardinal(number);
    }
}
