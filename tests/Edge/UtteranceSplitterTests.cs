// Cutting texts into utterances: where sentences end, and the laws that hold for any text.

using Ditar.Edge;
using Ditar.Reference.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Edge;

public class UtteranceSplitterTests
{
    // Texts as nasty as they come, with all that the splitter looks at.
    private static readonly Gen<string> Texts = Gen.Elements(
            "a", "cat", "Cat", "seven", "1998", "10:30", "3.14", "Dr.", "e.g.", "J.", "?", "!", "...", ". ", ", ", "; ", " - ", "\n", "\n\n", "\"", ")", "(", "é", "漢", " ", "  ", "\t",
            "incomprehensibilities", "$5", "'", "’", "…", ":", "\r\n", "\ud83d", "😀")
        .ListOf().Select(parts => string.Concat(parts));

    [Theory]
    [InlineData("One. Two! Three? Four", "one|two|three|four")]
    [InlineData("It costs 3.50 at 10:30 a.m. on Monday.", null)]
    [InlineData("Dr. Smith met J. Doe.", null)]
    [InlineData("He said \"go away!\" She went.", "he said go away|she went")]
    [InlineData("wait... what", "wait|what")]
    [InlineData("a title\n\nand a line\nthat wraps", "a title|and a line that wraps")]
    [InlineData("milk, bread etc. and so on", null)]
    [InlineData("open the door. come in. at 5 p.m. we eat", "open the door|come in|at five p m we eat")]
    [InlineData("No. I saw no. 5.", "no|i saw number five")]
    [InlineData("We left at 5 p.m. It rained.", "we left at five p m|it rained")]
    [InlineData("?!", "")]
    public void Sentences_end_where_a_reader_would_stop(string text, string? expected)
    {
        // null: one sentence.
        expected ??= EnglishReading.Read(text);
        Assert.Equal(expected, string.Join('|', UtteranceSplitter.Split(text, Read, 200).Select(part => part.Text)));
    }

    [Fact]
    public void A_long_sentence_is_cut_at_commas_first_and_then_between_words()
    {
        var parts = UtteranceSplitter.Split("one two three, four five, six seven eight nine ten eleven, twelve", Read, 25);
        Assert.Equal(
            [
                ("one two three four five", UtteranceBreak.Clause), ("six seven eight", UtteranceBreak.Word), ("nine ten eleven twelve", UtteranceBreak.Sentence),
            ],
            parts);
        Assert.Equal(["abcde", "f gh"], UtteranceSplitter.Split("abcdef gh", Read, 5).Select(part => part.Text));
    }

    [Fact]
    public void Equal_parts_do_not_grow_beyond_the_longest() =>
        Assert.Equal(["ab", "cd", "ef"], UtteranceSplitter.Split("ab cd ef", Read, 2).Select(part => part.Text));

    [Fact]
    public void No_part_is_empty_or_too_long_and_the_last_one_ends_a_sentence() => Check(Texts, (text, longest) =>
    {
        var parts = UtteranceSplitter.Split(text, Read, longest);
        return parts.All(part => part.Text.Length > 0 && part.Text.Length <= longest && part.Text == part.Text.Trim())
            && (parts.Count == 0 || parts[^1].Break == UtteranceBreak.Sentence);
    });

    [Fact]
    public void The_sentences_together_are_the_text() => Check(Texts, (text, _) => string.Concat(SentenceBreaks.Sentences(text)) == text);

    [Fact]
    public void No_letter_is_lost_or_changes_its_place() => Check(Texts, (text, longest) =>
    {
        // Reading each sentence by itself, cut or not, gives the same letters: "1998" is no longer split than its words are. Clauses are read one by one.
        var whole = UtteranceSplitter.Split(text, Read, int.MaxValue);
        var parts = UtteranceSplitter.Split(text, Bare, longest);
        var expected = string.Concat(SentenceBreaks.Sentences(text).Select(Bare)).Replace(" ", "", StringComparison.Ordinal);
        return string.Concat(parts.Select(part => part.Text)).Replace(" ", "", StringComparison.Ordinal) == expected
            && whole.All(part => part.Break == UtteranceBreak.Sentence);
    });

    [Fact]
    public void What_fits_is_never_cut() => Check(Texts, (text, longest) =>
        UtteranceSplitter.Split(text, Read, longest).All(part => UtteranceSplitter.Split(part.Text, again => again, longest).SequenceEqual([(part.Text, UtteranceBreak.Sentence)])));

    [Fact]
    public void Each_character_is_read_at_most_twice()
    {
        // Twenty thousand characters of each kind that a careless splitter would read again and again: once as a sentence, once as a clause is enough.
        foreach (var piece in new[] { ". ", "\n ", ", ", "a", "a ", "(", "... ", "A. ", "a, " })
        {
            var text = string.Concat(Enumerable.Repeat(piece, Speaker.LongestText / piece.Length));
            var read = 0L;
            UtteranceSplitter.Split(text, part =>
            {
                read += part.Length;
                return Bare(part);
            }, 60);
            Assert.InRange(read, text.Length, 2 * text.Length);
        }
    }

    private static string Read(string text) => EnglishReading.Read(text);

    // A reading that looks at one character at a time, so that cutting cannot change it.
    private static string Bare(string text) =>
        string.Join(' ', new string([.. text.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static void Check(Gen<string> texts, Func<string, int, bool> law) =>
        Prop.ForAll(Arb.From(texts), Arb.From(Gen.Choose(1, 80)), (text, longest) => law(text, longest)).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(51, 53));
}
