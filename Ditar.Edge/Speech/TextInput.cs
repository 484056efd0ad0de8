// A user's text on its way to the model: read as English words, brought into the checkpoint's vocabulary, cut into utterances. Characters that got
// lost or changed on the way are reported once for the whole text, by character, not by place.

using Ditar.Reference.Text;

namespace Ditar.Edge;

internal sealed class TextInput(CharacterTokenizer tokenizer)
{
    // A message that lists more than this is not read.
    private const int MostReported = 12;

    /// <summary>The text as the model reads it; empty when there is no word in it.</summary>
    /// <param name="notice">Hears which characters were left out or replaced.</param>
    public string Read(string text, Action<string>? notice = null)
    {
        var unknown = new List<UnknownCharacter>();
        var encoding = tokenizer.Encode(EnglishReading.Read(text, unknown));
        Report(unknown.Concat(encoding.Unknown), notice);
        return tokenizer.Decode(encoding.Ids).Trim();
    }

    /// <inheritdoc cref="UtteranceSplitter.Split"/>
    public IReadOnlyList<(string Text, UtteranceBreak Break)> Split(string text, int longest, Action<string>? notice = null)
    {
        _ = Read(text, notice);
        return UtteranceSplitter.Split(text, piece => Read(piece), longest);
    }

    /// <summary>The numbers of a text that was read, audio start not included.</summary>
    public int[] Symbols(string spoken) => tokenizer.Encode(spoken).Ids;

    private static void Report(IEnumerable<UnknownCharacter> unknown, Action<string>? notice)
    {
        if (notice is null) return;
        var kinds = unknown.GroupBy(found => (found.Character, found.Fate, found.Replacement)).ToList();
        if (kinds.Count == 0) return;
        var told = kinds.Take(MostReported).Select(kind =>
        {
            var (character, fate, replacement) = kind.Key;
            var times = kind.Count() == 1 ? "" : $" ({kind.Count()} times)";
            return $"{Shown(character)} was {(fate == CharacterFate.Folded ? $"read as '{replacement}'" : "left out")}{times}";
        });
        var rest = kinds.Count > MostReported ? $", and {kinds.Count - MostReported} other characters" : "";
        notice($"not in the model's vocabulary: {string.Join(", ", told)}{rest}");
    }

    // The number too: a character may be invisible or missing from the terminal's font.
    private static string Shown(string character)
    {
        var number = $"U+{char.ConvertToUtf32(character, 0):X4}";
        return char.IsControl(character[0]) || char.IsWhiteSpace(character[0]) ? number : $"'{character}' ({number})";
    }
}
