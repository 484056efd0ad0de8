// Cutting text for models that read punctuation: in any script, never inside a number, an abbreviation or an address, and nothing lost.

using Ditar.Edge;
using Ditar.Reference.VoxCpm;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Edge;

public class WrittenTextTests
{
    private static readonly string[] Whole =
    [
        "3.14", "10 000", "1,234.50", "10:30", "２，０００", "一百二十三", "3万", "50%", "https://example.com/a?b=c,d;e!f", "Dr. Smith", "z. B. Hunde", "J. S. Bach", "e.g. this", "cat",
        "don't", "U.S.A.", "no. 5",
    ];

    private static readonly Gen<string> Texts = Gen.Elements(
            "a", "Cat", "seven", "1998", "10:30", "3.14", "Dr.", "e.g.", "?", "!", "...", ". ", ", ", "; ", " - ", "\n", "\n\n", "\"", ")", "(", "é", "漢", "漢字仮名", "。", "，", "！」", "「",
            "３，０００", "一百二十三", " ", "  ", "\t", "incomprehensibilities", "…", "\ud83d\ude00", "\ud840\udc00", "สวัสดีครับ", "नमस्ते।", "مرحبا؟", "안녕하세요", "e\u0301", "\u3000")
        .ListOf().Select(parts => string.Concat(parts));

    [Theory]
    [InlineData("今天天气很好。我们去公园吧！你呢？“好的。”他说。", 40, "今天天气很好。|我们去公园吧！你呢？|“好的。”他说。")]
    [InlineData("Wir sehen uns am 3. Oktober um 10 Uhr. Das kostet z.B. 5 Euro. Gut.", 40, "Wir sehen uns am 3. Oktober um 10 Uhr.|Das kostet z.B. 5 Euro. Gut.")]
    [InlineData("Dr. Smith met J. S. Bach at 10:30 a.m. on Monday. It rained.", 50, "Dr. Smith met J. S. Bach at 10:30 a.m. on Monday.|It rained.")]
    [InlineData("مرحبا بك؟ كيف حالك اليوم؟ أنا بخير، شكرا لك.", 20, "مرحبا بك؟|كيف حالك اليوم؟|أنا بخير، شكرا لك.")]
    [InlineData("Title\n\nOne and two. Three.", 20, "Title|One and two. Three.")]
    [InlineData("see https://example.com/a?b=c,d and then go home", 35, "see https://example.com/a?b=c,d|and then go home")]
    [InlineData("the price is 10 000 kronor today", 15, "the price is|10 000|kronor today")]
    [InlineData("他有一百二十三万人口", 12, "他有|一百二十|三万人口")]
    public void Cuts_where_a_reader_would_stop(string text, int longest, string expected) =>
        Assert.Equal(expected, string.Join('|', UtteranceSplitter.SplitAsWritten(text, longest).Select(piece => piece.Text)));

    [Fact]
    public void A_text_that_fits_is_one_utterance_as_the_official_code_reads_it() =>
        Assert.Equal([(" One. Two! ", UtteranceBreak.Sentence)], UtteranceSplitter.SplitAsWritten(" One.\n\nTwo!\t ", 20));

    [Fact]
    public void The_pieces_together_are_the_text_and_none_is_too_long() => Prop.ForAll(Arb.From(Texts.Where(text => !string.IsNullOrWhiteSpace(text))), Arb.From(Gen.Choose(8, 80)), (text, longest) =>
    {
        var pieces = UtteranceSplitter.SplitAsWritten(text, longest);
        var folded = VoxCpmSpeaker.Folded(text);
        var at = 0;
        foreach (var (piece, _) in pieces)
        {
            // Only white space lies between two pieces.
            while (pieces.Count > 1 && at < folded.Length && char.IsWhiteSpace(folded[at])) at++;
            if (piece.Length == 0 || !folded.AsSpan(at).StartsWith(piece, StringComparison.Ordinal) || UtteranceSplitter.Measure(piece) > longest) return false;
            at += piece.Length;
            // No character is torn.
            if (char.IsHighSurrogate(piece[^1]) || (at < folded.Length && folded[at] == '\u0301')) return false;
        }

        return string.IsNullOrWhiteSpace(folded[at..]) && pieces[^1].Break == UtteranceBreak.Sentence;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(61, 63));

    [Fact]
    public void Numbers_abbreviations_and_addresses_stay_whole()
    {
        var gaps = Gen.Elements(" ", ", ", ". ", "。", "! ", " and ", "\n");
        var texts = Gen.Elements(Whole).SelectMany(item => gaps.SelectMany(gap => Gen.Elements("word", "字", "Then", "also").Select(word => (item, gap + word + gap)))).ListOf();
        Prop.ForAll(Arb.From(texts.Where(items => items.Count > 0)), Arb.From(Gen.Choose(34, 80)), (items, longest) =>
        {
            var text = string.Concat(items.Select(item => item.item + item.Item2));
            var pieces = string.Join('\u0001', UtteranceSplitter.SplitAsWritten(text, longest).Select(piece => piece.Text));
            return items.Select(item => item.item).Distinct().All(item => Count(pieces, item) == Count(VoxCpmSpeaker.Folded(text), item));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(71, 73));
    }

    [Fact]
    public void Long_texts_without_a_place_to_cut_are_cut_in_little_time()
    {
        foreach (var piece in new[] { "a", "漢", "1", "1 ", "a. ", "。", "...", "\ud83d\ude00", "e\u0301\u0301", "สวัสดี", "（", "一" })
        {
            var text = string.Concat(Enumerable.Repeat(piece, 20_000 / piece.Length));
            Assert.All(UtteranceSplitter.SplitAsWritten(text, 240), cut => Assert.InRange(UtteranceSplitter.Measure(cut.Text), 1, 240));
        }
    }

    private static int Count(string text, string item) => text.Split(item).Length - 1;
}
