// The corpus's texts: a fixed seed gives a fixed sequence of different texts in a fixed mix of kinds (recipe: digits carry the first
// stage of training, so they are half). Sentences come from SentenceGrammar. Lower-case letters, spaces and apostrophes only.
// Left out on purpose: punctuation, and any text from outside: nothing is downloaded.

namespace Ditar.Learn;

/// <summary>Generates different texts; the n-th text depends on the seed alone, so a longer corpus begins with the shorter one.</summary>
public sealed class SentenceGenerator
{
    // Percent of the texts. They are dealt in shuffled blocks of a hundred, so every stretch of a hundred texts has exactly this mix.
    private static readonly (TextKind Kind, int Percent)[] Mix =
    [
        (TextKind.Digits, 50), (TextKind.Number, 8), (TextKind.Time, 5), (TextKind.Date, 5), (TextKind.Spelling, 4),
        (TextKind.Word, 2), (TextKind.Sentence, 20), (TextKind.Combination, 6),
    ];

    // A kind that has run out of new texts (there are only 9990 numbers) gives way to sentences after this many repeats.
    private const int TriesPerText = 40;

    private readonly TextRandom random;
    private readonly SentenceGrammar grammar;
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly Queue<TextKind> block = new();

    /// <summary>A generator at the start of its sequence.</summary>
    /// <param name="seed">Any value; part of the corpus's identity.</param>
    public SentenceGenerator(ulong seed)
    {
        random = TextRandom.For(seed, 0);
        grammar = new SentenceGrammar(random);
    }

    /// <summary>The first <paramref name="count"/> texts of a seed.</summary>
    public static IReadOnlyList<CorpusText> Generate(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var generator = new SentenceGenerator(seed);
        var texts = new CorpusText[count];
        for (int i = 0; i < count; i++) texts[i] = generator.Next();
        return texts;
    }

    /// <summary>How many of the last texts are held out of training: one in twenty, but at least 500 (a fifth of a small corpus), which
    /// by the mix is at least 250 digit strings and 100 sentences.</summary>
    public static int HeldOutCount(int texts) => Math.Max(texts / 20, Math.Min(500, texts / 5));

    /// <summary>The next text, different from all before.</summary>
    public CorpusText Next()
    {
        if (block.Count == 0) DealBlock();
        var kind = block.Dequeue();
        while (true)
        {
            for (int attempt = 0; attempt < TriesPerText; attempt++)
            {
                string spoken = Draw(kind, attempt);
                // Capitals mark letters to be named; the model sees only small letters.
                string text = spoken.ToLowerInvariant();
                if (seen.Add(text)) return new CorpusText(text, kind, spoken);
            }

            kind = TextKind.Sentence;
        }
    }

    private void DealBlock()
    {
        var kinds = Mix.SelectMany(entry => Enumerable.Repeat(entry.Kind, entry.Percent)).ToArray();
        random.Shuffle<TextKind>(kinds);
        foreach (var kind in kinds) block.Enqueue(kind);
    }

    private string Draw(TextKind kind, int attempt) => kind switch
    {
        TextKind.Digits => Digits(attempt),
        TextKind.Number => NumberWords.Cardinal(NumberOfAnySize(), random.Chance(0.3)),
        TextKind.Time => grammar.Time(),
        TextKind.Date => grammar.Date(),
        TextKind.Spelling => grammar.Spelling(),
        TextKind.Word => grammar.Word(),
        TextKind.Sentence => grammar.Sentence(),
        TextKind.Combination => grammar.Combination(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of text"),
    };

    // Of all digit strings about 2 % have one or two digits (all 110 of them in the default corpus), the rest three to six. Short strings
    // run out; after a few repeats the length goes up.
    private string Digits(int attempt)
    {
        double u = random.NextUnit();
        int length = u < 0.003 ? 1 : u < 0.02 ? 2 : u < 0.13 ? 3 : u < 0.40 ? 4 : u < 0.70 ? 5 : 6;
        return grammar.Digits(attempt < TriesPerText / 2 ? length : 6);
    }

    // Two digits in a tenth of the draws (there are only ninety), three in a half, four in the rest.
    private int NumberOfAnySize()
    {
        double u = random.NextUnit();
        return u < 0.1 ? random.Between(10, 99) : u < 0.6 ? random.Between(100, 999) : random.Between(1000, 9999);
    }
}
