// The corpus's texts: different, repeatable, in the promised mix and alphabet, held-out texts unseen by training.

using Ditar.Learn;
using Ditar.Reference.Text;

namespace Ditar.Tests.Learn;

public class SentenceGeneratorTests
{
    private static readonly IReadOnlyList<CorpusText> Texts = SentenceGenerator.Generate(12_000, seed: 1);

    [Fact]
    public void No_two_texts_are_equal() => Assert.Equal(Texts.Count, Texts.Select(t => t.Text).Distinct(StringComparer.Ordinal).Count());

    [Fact]
    public void The_same_seed_gives_the_same_texts_and_another_seed_gives_others()
    {
        Assert.Equal(Texts.Take(500), SentenceGenerator.Generate(500, seed: 1));
        Assert.True(SentenceGenerator.Generate(500, seed: 2).Intersect(Texts.Take(500)).Count() < 50);
    }

    [Fact]
    public void Texts_hold_letters_spaces_and_apostrophes_with_single_spaces()
    {
        Assert.All(Texts, t =>
        {
            Assert.Matches("^[a-z']+( [a-z']+)*$", t.Text);
            Assert.Equal(t.Text, t.Spoken.ToLowerInvariant());
        });
    }

    [Theory]
    [InlineData(TextKind.Digits, 0.50)]
    [InlineData(TextKind.Number, 0.08)]
    [InlineData(TextKind.Time, 0.05)]
    [InlineData(TextKind.Date, 0.05)]
    [InlineData(TextKind.Spelling, 0.04)]
    [InlineData(TextKind.Word, 0.02)]
    [InlineData(TextKind.Sentence, 0.20)]
    [InlineData(TextKind.Combination, 0.06)]
    public void The_mix_is_the_promised_one(TextKind kind, double share)
    {
        // Dealt in blocks of a hundred, so it is exact unless a kind ran out: only words can (there are about 250).
        double slack = kind is TextKind.Word or TextKind.Sentence ? 0.005 : 0;
        Assert.InRange(Texts.Count(t => t.Kind == kind) / (double)Texts.Count, share - slack, share + slack);
    }

    [Fact]
    public void Digit_strings_have_all_lengths_from_one_to_six()
    {
        var lengths = Texts.Where(t => t.Kind == TextKind.Digits).CountBy(t => t.Text.Split(' ').Length).ToDictionary();
        Assert.Equal([1, 2, 3, 4, 5, 6], lengths.Keys.Order());
        Assert.All([3, 4, 5, 6], length => Assert.True(lengths[length] > 500, $"{lengths[length]} strings of {length} digits"));
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(12_000)]
    public void The_held_out_part_has_enough_digits_and_sentences(int count)
    {
        var heldOut = Texts.Take(count).TakeLast(SentenceGenerator.HeldOutCount(count)).ToArray();
        Assert.True(heldOut.Count(t => t.Kind == TextKind.Digits) >= 60);
        Assert.True(heldOut.Count(t => t.Kind == TextKind.Sentence) >= 100);
    }

    [Fact]
    public void Letters_to_be_named_are_capitals_for_the_synthesiser()
    {
        var spelling = Texts.First(t => t.Kind == TextKind.Spelling && t.Text.Split(' ').All(word => word.Length == 1));
        Assert.Equal(spelling.Text.ToUpperInvariant(), spelling.Spoken);
    }

    [Theory]
    [InlineData(0, false, "zero")]
    [InlineData(10, false, "ten")]
    [InlineData(42, false, "forty two")]
    [InlineData(205, true, "two hundred and five")]
    [InlineData(1000, true, "one thousand")]
    [InlineData(2005, true, "two thousand and five")]
    [InlineData(3587, true, "three thousand five hundred and eighty seven")]
    [InlineData(9999, false, "nine thousand nine hundred ninety nine")]
    public void Numbers_are_said_in_words(int number, bool and, string words) => Assert.Equal(words, NumberWords.Cardinal(number, and));

    [Fact]
    public void Every_number_is_said_differently()
    {
        foreach (bool and in (bool[])[false, true])
            Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(n => NumberWords.Cardinal(n, and)).Distinct().Count());
        Assert.Equal("twenty first", EnglishNumbers.Ordinal(21));
        Assert.Equal(31, Enumerable.Range(1, 31).Select(n => EnglishNumbers.Ordinal(n)).Distinct().Count());
    }
}
