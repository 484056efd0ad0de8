// How text is read aloud: examples for every rule, and what holds for any text whatever.
using System.Text.RegularExpressions;
using Ditar.Reference.Randomness;
using Ditar.Reference.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Text;

public class EnglishReadingTests
{
    [Theory]
    // Plain text and punctuation.
    [InlineData("seven three nine, open the door", "seven three nine open the door")]
    [InlineData("Hello,  World!\n(Again.)", "hello world again")]
    [InlineData("Don't say “o’clock” or 'n'", "don't say o'clock or n")]
    [InlineData("the boys' well-known café naïve Zoë's", "the boys well known cafe naive zoe's")]
    [InlineData("and/or under_score x^y", "and or under score x y")]
    [InlineData("", "")]
    [InlineData("... ?!", "")]
    // Whole numbers.
    [InlineData("0 5 13 20 42 100", "zero five thirteen twenty forty two one hundred")]
    [InlineData("739", "seven hundred thirty nine")]
    [InlineData("1000 1001 9999", "one thousand one thousand one nine thousand nine hundred ninety nine")]
    [InlineData("10,000", "ten thousand")]
    [InlineData("123456", "one hundred twenty three thousand four hundred fifty six")]
    [InlineData("7,000,000,019", "seven billion nineteen")]
    [InlineData("999,999,999,999", "nine hundred ninety nine billion nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety nine")]
    [InlineData("1,000,000,000,000", "one zero zero zero zero zero zero zero zero zero zero zero zero")]
    [InlineData("1,2345", "one two thousand three hundred forty five")]
    // Codes: seven digits and more, or a leading zero.
    [InlineData("1234567", "one two three four five six seven")]
    [InlineData("007", "zero zero seven")]
    [InlineData("555-0123", "five five five zero one two three")]
    [InlineData("(212) 555-0123", "two one two five five five zero one two three")]
    [InlineData("call 020 7946 0958 now", "call zero two zero seven nine four six zero nine five eight now")]
    [InlineData("+44 20 7946 0958", "plus four four two zero seven nine four six zero nine five eight")]
    // Decimals, signs, ranges.
    [InlineData("3.14", "three point one four")]
    [InlineData(".5 and 0.05", "zero point five and zero point zero five")]
    [InlineData("-5, 5-10, 2 - 3, F-16", "minus five five to ten two three f sixteen")]
    [InlineData("1.2.3", "one point two point three")]
    [InlineData("It was 5. Then 6.", "it was five then six")]
    [InlineData("2+2=4", "two plus two equals four")]
    [InlineData("3×4 3*4 8÷2", "three times four three times four eight divided by two")]
    [InlineData("2½ ½ 1/2 3/4 17/19", "two and a half one half one half three quarters seventeen over nineteen")]
    // Ordinals, decades, years.
    [InlineData("1st 2nd 3rd 4th 5th 8th 9th 12th 20th 21st 100th", "first second third fourth fifth eighth ninth twelfth twentieth twenty first one hundredth")]
    [InlineData("the 1980s and 90's, 1900s", "the nineteen eighties and nineties nineteen hundreds")]
    [InlineData("in 1999, 1905, 1900, 2000, 2006, 2026", "in nineteen ninety nine nineteen oh five nineteen hundred two thousand two thousand six twenty twenty six")]
    // Times.
    [InlineData("it is 11:30", "it is eleven thirty")]
    [InlineData("7:05", "seven oh five")]
    [InlineData("7:00 and 14:00", "seven o'clock and fourteen hundred")]
    [InlineData("7:00 pm, 7am, 10:15 a.m.", "seven p m seven a m ten fifteen a m")]
    [InlineData("11:30:15", "eleven thirty and fifteen seconds")]
    [InlineData("25:99", "twenty five ninety nine")]
    // Dates.
    [InlineData("2026-11-21", "the twenty first of november twenty twenty six")]
    [InlineData("on 21/11", "on the twenty first of november")]
    [InlineData("11/21/2026 and 3/4/2026", "the twenty first of november twenty twenty six and the third of april twenty twenty six")]
    [InlineData("21.11.1999 or 1-2-03", "the twenty first of november nineteen ninety nine or one to two to zero three")]
    [InlineData("01-02-2026", "the first of february twenty twenty six")]
    [InlineData("2026-11-21T07:05", "the twenty first of november twenty twenty six seven oh five")]
    [InlineData("Nov. 3rd", "november third")]
    // Money.
    [InlineData("$5, $1, £1.01, €20", "five dollars one dollar one pound and one penny twenty euros")]
    [InlineData("$5.20 £0.50 $1.00", "five dollars and twenty cents fifty pence one dollar")]
    [InlineData("£3.5 million, $2k, 20€, ¥1,000", "three point five million pounds two thousand dollars twenty euros one thousand yen")]
    [InlineData("-$5", "minus five dollars")]
    // Percent, degrees, units.
    [InlineData("5% or 2.5 %", "five percent or two point five percent")]
    [InlineData("20°C, -4 °F, 90°", "twenty degrees celsius minus four degrees fahrenheit ninety degrees")]
    [InlineData("5 km, 1 kg, 30mph, 16 kHz", "five kilometers one kilogram thirty miles per hour sixteen kilohertz")]
    // Signs and short forms.
    [InlineData("salt & pepper", "salt and pepper")]
    [InlineData("me@example.com", "me at example dot com")]
    [InlineData("#7 #tag", "number seven hash tag")]
    [InlineData("Mr. and Mrs Smith vs. Dr Jones, etc.", "mister and missus smith versus doctor jones et cetera")]
    [InlineData("St. Ives is in Main St. today", "saint ives is in main street today")]
    [InlineData("No. 5, no. Really, e.g. this, i.e. that", "number five no really for example this that is that")]
    [InlineData("the BBC on TV, HELLO", "the b b c on t v hello")]
    [InlineData("MY TV", "my tv")]
    public void Examples(string text, string expected) => Assert.Equal(expected, EnglishReading.Read(text));

    [Fact]
    public void What_cannot_be_read_is_reported_with_its_place()
    {
        var unknown = new List<UnknownCharacter>();
        Assert.Equal("zoe is in", EnglishReading.Read("Zoë, is in 東\U0001F600", unknown));
        Assert.Equal(
        [
            new UnknownCharacter(2, "ë", CharacterFate.Folded, "e"), new UnknownCharacter(11, "東", CharacterFate.Dropped, ""),
            new UnknownCharacter(12, "\U0001F600", CharacterFate.Dropped, ""),
        ], unknown);
    }

    [Fact]
    public void Whatever_comes_in_only_words_of_the_alphabet_come_out_and_they_are_read_as_themselves()
    {
        var scraps = Gen.Elements(
            "1", "0", "12", "2026", "739", "1,000", ".", ",", ":", "/", "-", "–", "+", "(", ")", " ", " ", "'", "’", "$", "£", "%", "°", "C", "&", "@", "#", "½", "*", "x",
            "a", "b", "mr", "Mr.", "DR", "st.", "St.", "no.", "e.g.", "am", "p.m.", "th", "st", "s", "km", "é", "ŕ", "ß", "\u0301", "語", "\U0001F600", "\ud800", "\n", "com", "Jan.", "BBC", "k");
        var texts = Gen.OneOf(scraps.ListOf().Select(string.Concat), ArbMap.Default.GeneratorFor<string?>().Select(text => text ?? ""));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000).WithReplay(61, 63), Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var unknown = new List<UnknownCharacter>();
            var read = EnglishReading.Read(text, unknown);
            Assert.Matches("^([a-z]+('[a-z]+)*( [a-z]+('[a-z]+)*)*)?$", read);
            Assert.Equal(read, EnglishReading.Read(read));
            Assert.All(unknown, one => Assert.True(one.Character == "\uFFFD" || text.AsSpan(one.Position).StartsWith(one.Character)));
            Assert.Empty(CharacterTokenizer.Default.Encode(read).Unknown);
        }));
    }

    [Fact]
    public void Every_number_is_read_as_a_number_that_can_be_read_back()
    {
        var random = new RandomSequence(71, 1);
        for (var i = 0; i < 20_000; i++)
        {
            // All magnitudes from 1 to 10^12 alike.
            var number = (long)Math.Pow(10, random.NextUniform() * 12) - 1;
            Assert.Equal(number, Value(EnglishNumbers.Cardinal(number)));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => EnglishNumbers.Cardinal(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => EnglishNumbers.Cardinal(EnglishNumbers.LargestCardinal + 1));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("a.")]
    [InlineData("1,000")]
    [InlineData("0 12 ")]
    [InlineData("1.")]
    [InlineData("$")]
    [InlineData("'")]
    [InlineData("1/")]
    [InlineData("+1 (")]
    public void Long_repetitions_take_linear_time(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 100_000 / piece.Length));
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Matches("^[a-z' ]*$", EnglishReading.Read(text));
        // Well under a second; quadratic time would be minutes.
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
    }

    /// <summary>The inverse of the cardinals, by the meaning of each word.</summary>
    private static long Value(string words)
    {
        string[] names =
        [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
            "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
        ];
        long total = 0, group = 0;
        foreach (var word in Regex.Split(words, " "))
        {
            var index = Array.IndexOf(names, word);
            switch (word)
            {
                case "hundred": group *= 100; break;
                case "thousand": (total, group) = (total + group * 1000, 0); break;
                case "million": (total, group) = (total + group * 1_000_000, 0); break;
                case "billion": (total, group) = (total + group * 1_000_000_000, 0); break;
                default: group += index <= 20 ? index : (index - 18) * 10; break;
            }

            Assert.True(index >= 0 || word is "hundred" or "thousand" or "million" or "billion", word);
        }

        return total + group;
    }
}
