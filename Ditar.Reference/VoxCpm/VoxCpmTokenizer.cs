// Text to the ids that VoxCPM's language model reads: BPE, then every token that is a Chinese word becomes its single characters (its leading U+2581 is lost;
// tokens of one character stay as they are). Nothing is put before or after the text.

using Ditar.Reference.Files;
using Ditar.Reference.Text;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmTokenizer
{
    /// <summary>Between text and generated speech.</summary>
    public const int AudioStart = 101;

    /// <summary>Before the patches of a reference voice.</summary>
    public const int ReferenceStart = 103;

    /// <summary>After the patches of a reference voice.</summary>
    public const int ReferenceEnd = 104;

    private const char Space = '\u2581';
    private readonly BpeTokenizer tokenizer;
    private readonly Dictionary<int, int[]> characters = [];

    private VoxCpmTokenizer(BpeTokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        var words = tokenizer.Tokens.Where(token => token.Key.Length >= 2 && token.Key.All(IsChinese)).Select(token => token.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (token, id) in tokenizer.Tokens)
        {
            var word = token.Replace(Space.ToString(), "", StringComparison.Ordinal);
            if (words.Contains(word)) characters[id] = [.. word.Select(character => tokenizer.Find(character.ToString()) ?? Math.Max(0, tokenizer.Unknown))];
        }
    }

    /// <summary>One more than the largest id.</summary>
    public int Size => Math.Max(tokenizer.Size, ReferenceEnd + 1);

    /// <param name="folder">With tokenizer.json and, where it has one, tokenizer_config.json.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or of another kind.</exception>
    public static VoxCpmTokenizer Load(string folder) =>
        new(BpeTokenizer.Load(Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "tokenizer_config.json")));

    /// <inheritdoc cref="BpeTokenizer.Encode"/>
    public int[] Encode(string text, bool literals = false) =>
        [.. tokenizer.Encode(text, literals).SelectMany(id => characters.TryGetValue(id, out var split) ? split : [id])];

    private static bool IsChinese(char character) => character is >= '\u4e00' and <= '\u9fff';
}
