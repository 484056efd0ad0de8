// The character tokenizer: round trips, what happens to characters without a symbol, and files that are wrong, one test per fault.
using System.Text;
using Ditar.Reference.Files;
using Ditar.Reference.Text;
using Ditar.Tests.Reference.Files;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Text;

public sealed class CharacterTokenizerTests : IDisposable
{
    private const string Good = """{"type":"characters","symbols":["a","b"," ","<audio>"],"audioStart":"<audio>"}""";

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void The_default_vocabulary_is_letters_space_apostrophe_and_audio_start()
    {
        var tokenizer = CharacterTokenizer.Default;
        Assert.Equal("abcdefghijklmnopqrstuvwxyz '<audio>", string.Concat(tokenizer.Symbols));
        Assert.Equal((29, 28), (tokenizer.Symbols.Count, tokenizer.AudioStartId));
        Assert.Equal([3, 14, 13, 27, 19, 26, 25], tokenizer.Encode("don't z").Ids);
    }

    [Fact]
    public void Text_in_the_alphabet_comes_back()
    {
        var texts = Gen.Elements("abcdefghijklmnopqrstuvwxyz '".ToCharArray()).ArrayOf().Select(letters => new string(letters));
        Check.One(Config.QuickThrowOnFailure.WithReplay(51, 53), Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var encoding = CharacterTokenizer.Default.Encode(text);
            return encoding.Unknown.Count == 0 && encoding.Ids.Length == text.Length && CharacterTokenizer.Default.Decode(encoding.Ids) == text;
        }));
    }

    [Fact]
    public void Any_text_at_all_gives_symbols_and_an_account_of_the_rest()
    {
        Check.One(Config.QuickThrowOnFailure.WithReplay(55, 57), Prop.ForAll(ArbMap.Default.ArbFor<string?>(), any =>
        {
            var text = any ?? "";
            var encoding = CharacterTokenizer.Default.Encode(text);
            return Array.TrueForAll(encoding.Ids, id => id is >= 0 and < 28)
                && encoding.Unknown.All(unknown => unknown.Character == "\uFFFD" || text.AsSpan(unknown.Position).StartsWith(unknown.Character))
                && encoding.Ids.Length == text.EnumerateRunes().Count() - encoding.Unknown.Count + encoding.Unknown.Sum(unknown => unknown.Replacement.Length);
        }));
    }

    [Fact]
    public void Capitals_and_accents_are_folded_the_rest_is_dropped_and_both_are_said()
    {
        var encoding = CharacterTokenizer.Default.Encode("Zoë’s œuf 語\U0001F600!");
        Assert.Equal("zoe's oeuf ", CharacterTokenizer.Default.Decode(encoding.Ids));
        Assert.Equal(
        [
            new UnknownCharacter(0, "Z", CharacterFate.Folded, "z"), new UnknownCharacter(2, "ë", CharacterFate.Folded, "e"),
            new UnknownCharacter(3, "’", CharacterFate.Folded, "'"), new UnknownCharacter(6, "œ", CharacterFate.Folded, "oe"),
            new UnknownCharacter(10, "語", CharacterFate.Dropped, ""), new UnknownCharacter(11, "\U0001F600", CharacterFate.Dropped, ""),
            new UnknownCharacter(13, "!", CharacterFate.Dropped, ""),
        ], encoding.Unknown);
        Assert.Equal("'ë' at 2 was read as 'e'", encoding.Unknown[1].ToString());
        Assert.Equal("'!' at 13 was left out", encoding.Unknown[6].ToString());
    }

    [Fact]
    public void Half_a_surrogate_pair_is_dropped() => Assert.Equal("\uFFFD", Assert.Single(CharacterTokenizer.Default.Encode("a\ud800b").Unknown).Character);

    [Fact]
    public void A_fold_into_characters_without_a_symbol_is_a_drop()
    {
        // "œ" folds to "oe", but this vocabulary has no "e": no half of it may stay.
        var encoding = new CharacterTokenizer(["o", "<audio>"], "<audio>").Encode("oœ");
        Assert.Equal([0], encoding.Ids);
        Assert.Equal(CharacterFate.Dropped, Assert.Single(encoding.Unknown).Fate);
    }

    [Fact]
    public void Audio_start_cannot_be_typed()
    {
        var tokenizer = new CharacterTokenizer(["a", "~"], "~");
        Assert.Equal([0], tokenizer.Encode("a~").Ids);
        Assert.Single(tokenizer.Encode("a~").Unknown);
    }

    [Fact]
    public void A_vocabulary_of_any_characters_survives_its_file()
    {
        var path = folder.File("tokenizer.json");
        var tokenizer = new CharacterTokenizer(["é", "語", "\U0001F600", "\"", "\\", "\n", "A", "<start>"], "<start>");
        tokenizer.Save(path);
        var loaded = CharacterTokenizer.Load(path);
        Assert.Equal(tokenizer.Symbols, loaded.Symbols);
        Assert.Equal("<start>", loaded.AudioStart);
        Assert.Equal([2, 1, 6], loaded.Encode("\U0001F600語A").Ids);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Decoding_a_number_outside_of_the_vocabulary() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CharacterTokenizer.Default.Decode([29]));

    [Fact]
    public void The_good_file_of_these_tests_is_good() => Assert.Equal(3, CharacterTokenizer.Parse(Encoding.UTF8.GetBytes(Good), "x").AudioStartId);

    [Fact]
    public void Missing_file()
    {
        var path = folder.File("none.json");
        Assert.StartsWith(path, Assert.Throws<CheckpointException>(() => CharacterTokenizer.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_of_two_megabytes() =>
        Assert.Contains("1048576", Assert.Throws<CheckpointException>(() => CharacterTokenizer.Load(folder.File("x", new byte[2 << 20]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("", "valid JSON")]
    [InlineData("[]", "expected an object")]
    [InlineData("{", "valid JSON")]
    [InlineData("""{"type":"characters","symbols":["a","<audio>"],"audioStart":"<audio>"} x""", "valid JSON")]
    [InlineData("""{"symbols":["a","<audio>"],"audioStart":"<audio>"}""", "no type")]
    [InlineData("""{"type":"characters","audioStart":"<audio>"}""", "no symbols")]
    [InlineData("""{"type":"characters","symbols":["a","<audio>"]}""", "no audioStart")]
    [InlineData("""{"type":"BPE","symbols":["a","<audio>"],"audioStart":"<audio>"}""", "\"BPE\"")]
    [InlineData("""{"type":"characters","type":"characters","symbols":["a","<audio>"],"audioStart":"<audio>"}""", "the key \"type\"")]
    [InlineData("""{"type":"characters","merges":[],"symbols":["a","<audio>"],"audioStart":"<audio>"}""", "the key \"merges\"")]
    [InlineData("""{"type":1,"symbols":["a","<audio>"],"audioStart":"<audio>"}""", "a string as type")]
    [InlineData("""{"type":"characters","symbols":{"a":0},"audioStart":"<audio>"}""", "an array as symbols")]
    [InlineData("""{"type":"characters","symbols":["a",2,"<audio>"],"audioStart":"<audio>"}""", "a string as symbol 1")]
    [InlineData("""{"type":"characters","symbols":["a",["b"],"<audio>"],"audioStart":"<audio>"}""", "valid JSON")]
    [InlineData("""{"type":"characters","symbols":["a","a","<audio>"],"audioStart":"<audio>"}""", "\"a\" twice")]
    [InlineData("""{"type":"characters","symbols":["a","\u0061","<audio>"],"audioStart":"<audio>"}""", "\"a\" twice")]
    [InlineData("""{"type":"characters","symbols":["a","bc","<audio>"],"audioStart":"<audio>"}""", "\"bc\"")]
    [InlineData("""{"type":"characters","symbols":["a","","<audio>"],"audioStart":"<audio>"}""", "one character each")]
    [InlineData("""{"type":"characters","symbols":["a","\ud800","<audio>"],"audioStart":"<audio>"}""", "valid JSON")]
    [InlineData("""{"type":"characters","symbols":["a","b"],"audioStart":"<audio>"}""", "audioStart among the symbols")]
    [InlineData("""{"type":"characters","symbols":["<audio>"],"audioStart":"<audio>"}""", "beside audioStart")]
    [InlineData("""{"type":"characters","symbols":[],"audioStart":""}""", "audioStart among the symbols")]
    public void Wrong_file(string json, string part)
    {
        var fault = Assert.Throws<CheckpointException>(() => CharacterTokenizer.Parse(Encoding.UTF8.GetBytes(json), "tokenizer.json"));
        Assert.StartsWith("tokenizer.json: expected ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_and_never_do_harm()
    {
        const int count = 2000;
        var path = folder.File("tokenizer.json");
        CharacterTokenizer.Default.Save(path);
        var refused = Mutation.Run<CheckpointException>(File.ReadAllBytes(path), 20_000, count, allowedBytesPerByte: 500, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var tokenizer = CharacterTokenizer.Load(path);
            Assert.InRange(tokenizer.AudioStartId, 0, tokenizer.Symbols.Count - 1);
            tokenizer.Encode("any text at all");
        });
        Assert.InRange(refused, count / 2, count - 10);
    }

    public void Dispose() => folder.Dispose();
}
