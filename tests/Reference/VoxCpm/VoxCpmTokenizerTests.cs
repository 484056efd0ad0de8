// Token ids of every recorded text, exactly, and the tokenizer's behaviour on what users type.

using System.Text.Json;
using Ditar.Reference.VoxCpm;

namespace Ditar.Tests.Reference.VoxCpm;

public class VoxCpmTokenizerTests
{
    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Folders))]
    [Trait("Category", "Golden")]
    public void RecordedIds(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        var tokenizer = VoxCpmTokenizer.Load(golden.Folder);
        using var recorded = JsonDocument.Parse(File.ReadAllText(Path.Combine(golden.Folder, "tokens.json")));
        var cases = recorded.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        foreach (var item in cases)
        {
            var text = item.GetProperty("text").GetString()!;
            Assert.Equal((text, Ids("ids")), (text, string.Join(' ', tokenizer.Encode(text, literals: true))));
            if (!text.Contains('<', StringComparison.Ordinal)) Assert.Equal(tokenizer.Encode(text, literals: true), tokenizer.Encode(text));

            string Ids(string key) => string.Join(' ', item.GetProperty(key).EnumerateArray().Select(id => id.GetInt32()));
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void LiteralsAreTextUnlessAskedFor(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        var tokenizer = VoxCpmTokenizer.Load(golden.Folder);
        const string text = "a<|audio_start|>b";
        Assert.Contains(VoxCpmTokenizer.AudioStart, tokenizer.Encode(text, literals: true));
        Assert.DoesNotContain(VoxCpmTokenizer.AudioStart, tokenizer.Encode(text));
    }

    /// <summary>Half a million characters in one piece: a quadratic merge would take hours.</summary>
    [Fact]
    public void LongTexts()
    {
        var tokenizer = VoxCpmTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v1-tiny"));
        const string sentence = "this is the first test sentence 今天天气很不错，";
        var one = tokenizer.Encode(sentence).Length;
        var many = tokenizer.Encode(string.Concat(Enumerable.Repeat(sentence, 10_000))).Length;
        Assert.InRange(many, 9_000 * one, 11_000 * one);
        Assert.Equal(100_000, tokenizer.Encode(new string('龘', 100_000)).Length / 3);
    }

    [Fact]
    public void BrokenSurrogatesAreText() =>
        Assert.NotEmpty(VoxCpmTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v2-tiny")).Encode("a\ud800b\udc00"));
}
