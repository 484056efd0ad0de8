// The phones of flite's US English voices, in a fixed order, so that phone numbers mean the same in every corpus and every training run.
// Used only as training targets of the phone head (recipe section 4); the model that speaks never sees them.

namespace Ditar.Learn;

/// <summary>Phone symbols and their numbers; 0 is the pause.</summary>
public static class PhoneTable
{
    /// <summary>Symbols by number.</summary>
    public static IReadOnlyList<string> Symbols { get; } =
    [
        "pau", "aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh", "k", "l", "m",
        "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh",
    ];

    private static readonly Dictionary<string, int> Numbers = Symbols.Select((symbol, number) => (symbol, number)).ToDictionary(p => p.symbol, p => p.number);

    /// <summary>The number of a symbol.</summary>
    /// <exception cref="CorpusException">The symbol is not in the table.</exception>
    public static int NumberOf(string symbol) => Numbers.TryGetValue(symbol, out int number)
        ? number
        : throw new CorpusException($"phone '{symbol}' is not in the table of {Symbols.Count} phones of US English");
}
