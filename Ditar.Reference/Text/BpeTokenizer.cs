// A Hugging Face tokenizer.json of the BPE kind, as Llama's family has it: spaces become U+2581, which also goes before the text; characters that the
// vocabulary lacks become their UTF-8 bytes. Added tokens ("<s>") are plain text unless the caller asks for them: whoever types one must not steer the model.
// Left out: pre-tokenisers, the flags of added tokens (strip, single word), and whatever else the official files do not use; such a file is refused.

using System.Globalization;
using System.Text.Json;
using Ditar.Reference.Files;

namespace Ditar.Reference.Text;

public sealed class BpeTokenizer
{
    public const int MaximumBytes = 64 << 20;
    private const int MostTokens = 1 << 22;
    private readonly string path;
    private readonly Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> added = new(StringComparer.Ordinal);
    private readonly List<(string From, string To)> replacements = [];
    private readonly int[] bytes = new int[256];
    private readonly BpeMerges merges;
    private readonly bool fuseUnknown;
    private string prepended = "";

    private BpeTokenizer(string path, JsonElement root, JsonElement config)
    {
        this.path = path;
        var model = Object(root, "model");
        if (Text(model, "type") is { } type && type != "BPE") throw Fault("model.type", "BPE", MalformedFileException.Quote(type));
        foreach (var absent in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (!string.IsNullOrEmpty(Text(model, absent))) throw Fault("model." + absent, "nothing", MalformedFileException.Quote(Text(model, absent)!));
        if (model.TryGetProperty("ignore_merges", out var ignore) && ignore.ValueKind == JsonValueKind.True) throw Fault("model.ignore_merges", "false", "true");
        if (root.TryGetProperty("pre_tokenizer", out var pre) && pre.ValueKind != JsonValueKind.Null) throw Fault("pre_tokenizer", "null", MalformedFileException.Quote(pre.GetRawText()));
        foreach (var entry in Object(model, "vocab").EnumerateObject()) Learn(vocabulary, entry.Name, entry.Value, "model.vocab");
        merges = ReadMerges(model);
        if (root.TryGetProperty("normalizer", out var normalizer)) ReadNormalizer(normalizer, depth: 0);
        if (root.TryGetProperty("added_tokens", out var tokens) && tokens.ValueKind == JsonValueKind.Array)
            foreach (var token in tokens.EnumerateArray()) Learn(added, Text(token, "content") ?? "", token.TryGetProperty("id", out var id) ? id : default, "added_tokens");
        if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("added_tokens_decoder", out var decoder) && decoder.ValueKind == JsonValueKind.Object)
            foreach (var token in decoder.EnumerateObject()) LearnDecoder(token);

        for (var value = 0; value < bytes.Length; value++)
            bytes[value] = Flag(model, "byte_fallback") && vocabulary.TryGetValue($"<0x{value:X2}>", out var number) ? number : -1;
        Unknown = Text(model, "unk_token") is { } unknown && Find(unknown) is { } found ? found : -1;
        fuseUnknown = Flag(model, "fuse_unk");
        Size = vocabulary.Values.Concat(added.Values).DefaultIfEmpty(-1).Max() + 1;
    }

    /// <summary>One more than the largest id.</summary>
    public int Size { get; }

    /// <summary>The id of what cannot be said; -1 where there is none.</summary>
    public int Unknown { get; }

    /// <summary>Every string that is a token, added ones too.</summary>
    public IEnumerable<KeyValuePair<string, int>> Tokens => vocabulary.Concat(added);

    /// <param name="configPath">tokenizer_config.json, which may declare further added tokens; need not exist.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or of another kind.</exception>
    public static BpeTokenizer Load(string path, string? configPath = null)
    {
        using var root = Parse(path);
        using var config = configPath is not null && File.Exists(configPath) ? Parse(configPath) : null;
        try
        {
            return new BpeTokenizer(path, root.RootElement, config?.RootElement ?? default);
        }
        catch (InvalidOperationException fault)
        {
            throw new CheckpointException(path, null, "strings in valid Unicode, and objects where they belong", fault.Message, fault);
        }
    }

    public int? Find(string token) => added.TryGetValue(token, out var id) || vocabulary.TryGetValue(token, out id) ? id : null;

    /// <param name="literals">Added tokens that occur in the text as text are meant.</param>
    /// <returns>Ids, without any that begin or end a sequence.</returns>
    public List<int> Encode(string text, bool literals = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        var start = 0;
        if (literals)
        {
            for (var at = 0; at < text.Length;)
            {
                if (LiteralAt(text, at) is not { } literal)
                {
                    at++;
                    continue;
                }

                ids.AddRange(Piece(text[start..at]));
                ids.Add(added[literal]);
                start = at += literal.Length;
            }
        }

        ids.AddRange(Piece(text[start..]));
        return ids;
    }

    private string? LiteralAt(string text, int at) => added.Keys
        .Where(token => token[0] == text[at] && string.CompareOrdinal(text, at, token, 0, token.Length) == 0)
        .MaxBy(token => token.Length);

    private List<int> Piece(string text)
    {
        var tokens = new List<int>();
        if (text.Length == 0) return tokens;
        text = prepended + text;
        foreach (var (from, to) in replacements) text = text.Replace(from, to, StringComparison.Ordinal);
        Span<byte> encoded = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (vocabulary.TryGetValue(rune.ToString(), out var id))
            {
                tokens.Add(id);
                continue;
            }

            var length = rune.EncodeToUtf8(encoded);
            if (encoded[..length].ToArray().All(value => bytes[value] >= 0)) tokens.AddRange(encoded[..length].ToArray().Select(value => bytes[value]));
            else if (Unknown >= 0 && !(fuseUnknown && tokens.Count > 0 && tokens[^1] == Unknown)) tokens.Add(Unknown);
        }

        merges.Apply(tokens);
        return tokens;
    }

    private BpeMerges ReadMerges(JsonElement model)
    {
        var table = new Dictionary<(int, int), (int, int)>();
        if (!model.TryGetProperty("merges", out var list) || list.ValueKind != JsonValueKind.Array) throw Fault("model.merges", "a list", "something else");
        var rank = 0;
        foreach (var merge in list.EnumerateArray())
        {
            var (left, right) = Sides(merge);
            if (!vocabulary.TryGetValue(left, out var first) || !vocabulary.TryGetValue(right, out var second) || !vocabulary.TryGetValue(left + right, out var merged))
                throw Fault("model.merges", "tokens of the vocabulary", $"{MalformedFileException.Quote(left)} and {MalformedFileException.Quote(right)}");
            table.TryAdd((first, second), (rank++, merged));
        }

        return new BpeMerges(table);
    }

    // "a b" in older files, ["a", "b"] in newer ones.
    private (string Left, string Right) Sides(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
            return (merge[0].GetString()!, merge[1].GetString()!);
        if (merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [var left, var right]) return (left, right);
        throw Fault("model.merges", "two tokens each", MalformedFileException.Quote(merge.GetRawText()));
    }

    private void ReadNormalizer(JsonElement normalizer, int depth)
    {
        if (normalizer.ValueKind == JsonValueKind.Null) return;
        var type = Text(normalizer, "type");
        switch (type)
        {
            case "Sequence" when depth == 0 && normalizer.TryGetProperty("normalizers", out var parts) && parts.ValueKind == JsonValueKind.Array:
                foreach (var part in parts.EnumerateArray()) ReadNormalizer(part, depth + 1);
                break;
            case "Prepend" when replacements.Count == 0 && Text(normalizer, "prepend") is { } text:
                prepended = text + prepended;
                break;
            case "Replace" when Text(Object(normalizer, "pattern"), "String") is { Length: > 0 } from && Text(normalizer, "content") is { } to && to.Length <= 8:
                replacements.Add((from, to));
                break;
            default:
                throw Fault("normalizer", "Prepend, then Replace of strings", MalformedFileException.Quote(normalizer.GetRawText()));
        }
    }

    private void LearnDecoder(JsonProperty token)
    {
        if (!int.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= MostTokens)
            throw Fault("added_tokens_decoder", $"ids below {MostTokens}", MalformedFileException.Quote(token.Name));
        if (token.Value.ValueKind != JsonValueKind.Object || Text(token.Value, "content") is not { Length: > 0 } content)
            throw Fault("added_tokens_decoder", "a token's content", MalformedFileException.Quote(token.Value.GetRawText()));
        if (!added.TryAdd(content, id) && added[content] != id)
            throw Fault("added_tokens_decoder", $"{MalformedFileException.Quote(content)} as {added[content]}", $"{id}");
    }

    private void Learn(Dictionary<string, int> tokens, string token, JsonElement id, string where)
    {
        if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var number) || number is < 0 or >= MostTokens)
            throw Fault(where, $"ids from 0 to {MostTokens - 1}", $"{MalformedFileException.Quote(token)}: {(id.ValueKind == JsonValueKind.Undefined ? "none" : MalformedFileException.Quote(id.GetRawText()))}");
        if (token.Length == 0 || !tokens.TryAdd(token, number)) throw Fault(where, "each token once", MalformedFileException.Quote(token));
    }

    private JsonElement Object(JsonElement parent, string key) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Object ? value : throw Fault(key, "an object", "something else");

    private static string? Text(JsonElement parent, string key) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement parent, string key) => parent.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.True;

    private static JsonDocument Parse(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumBytes) throw new CheckpointException(path, null, $"at most {MaximumBytes} bytes", $"{length}");
            var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            if (json.RootElement.ValueKind == JsonValueKind.Object) return json;
            json.Dispose();
            throw new CheckpointException(path, null, "an object", "something else");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, null, "a file of the checkpoint", "nothing there", fault);
        }
        catch (JsonException fault)
        {
            throw new CheckpointException(path, null, "valid JSON, nested at most 32 deep", fault.Message, fault);
        }
    }

    private CheckpointException Fault(string key, string expected, string found) => new(path, key, expected, found);
}
