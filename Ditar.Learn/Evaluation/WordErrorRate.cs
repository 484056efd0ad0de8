// Word error rate: substitutions + deletions + insertions of the cheapest edit, over the number of words that should have been there.

namespace Ditar.Learn;

/// <summary>Counts of one or more comparisons; add them up, then take the rate.</summary>
/// <param name="Words">Words of the reference.</param>
public readonly record struct WordErrors(int Words, int Substitutions, int Deletions, int Insertions)
{
    public int Errors => Substitutions + Deletions + Insertions;

    /// <summary>Errors over words; NaN when there were no words, above 1 when much was inserted.</summary>
    public double Rate => Words == 0 ? double.NaN : (double)Errors / Words;

    public static WordErrors operator +(WordErrors a, WordErrors b) =>
        new(a.Words + b.Words, a.Substitutions + b.Substitutions, a.Deletions + b.Deletions, a.Insertions + b.Insertions);

    public static WordErrors Add(WordErrors left, WordErrors right) => left + right;
}

/// <summary>Compares word sequences.</summary>
public static class WordErrorRate
{
    /// <summary>Errors of one text; words are separated by spaces.</summary>
    public static WordErrors Count(string expected, string heard)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(heard);
        return Count(Split(expected), Split(heard));
    }

    /// <summary>Errors of one sequence of words. Among equally cheap edits the one that prefers substitutions counts.</summary>
    public static WordErrors Count(IReadOnlyList<string> expected, IReadOnlyList<string> heard)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(heard);
        int columns = heard.Count + 1;
        var best = new WordErrors[(expected.Count + 1) * columns];
        for (int i = 0; i <= expected.Count; i++)
        {
            for (int j = 0; j <= heard.Count; j++)
            {
                if (i == 0 && j == 0) continue;
                WordErrors? cell = null;
                if (i > 0 && j > 0)
                {
                    var diagonal = best[(i - 1) * columns + j - 1];
                    cell = expected[i - 1] == heard[j - 1] ? diagonal : diagonal with { Substitutions = diagonal.Substitutions + 1 };
                }

                if (i > 0) cell = Cheaper(cell, best[(i - 1) * columns + j] with { Deletions = best[(i - 1) * columns + j].Deletions + 1 });
                if (j > 0) cell = Cheaper(cell, best[i * columns + j - 1] with { Insertions = best[i * columns + j - 1].Insertions + 1 });
                best[i * columns + j] = cell!.Value;
            }
        }

        return best[^1] with { Words = expected.Count };
    }

    private static WordErrors Cheaper(WordErrors? a, WordErrors b) => a is { } known && known.Errors <= b.Errors ? known : b;

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
