// Text to symbol numbers, one symbol per character (the text input of the small models; spec, section 1). The table is part of the checkpoint:
// tokenizer.json = {"type": "characters", "symbols": ["a", ...], "audioStart": "<audio>"}, where a symbol's number is its place in the list
// and audioStart names the symbol that ends the text and opens the sound.
// Left out: reading numbers and signs as words, which is EnglishReading's work and comes before.
using System.Text;
using System.Text.Json;
using Ditar.Reference.Files;

namespace Ditar.Reference.Text;

/// <param name="Ids">[symbol]</param>
/// <param name="Unknown">The characters that had no symbol, in the order of the text.</param>
public sealed record CharacterEncoding(int[] Ids, IReadOnlyList<UnknownCharacter> Unknown);

public sealed class CharacterTokenizer
{
    public const string DefaultAudioStart = "<audio>";

    private const string Type = "characters";
    private const int MaximumFileBytes = 1 << 20;
    private const int MaximumSymbols = 65_536;
    private const int MaximumDepth = 2;

    private readonly Dictionary<string, int> numbers;

    /// <param name="symbols">Each one character, except audioStart.</param>
    /// <param name="audioStart">One of the symbols.</param>
    /// <exception cref="ArgumentException">The symbols break a rule of the format.</exception>
    public CharacterTokenizer(IEnumerable<string> symbols, string audioStart)
    {
        Symbols = [.. symbols];
        AudioStart = audioStart;
        if (Fault(Symbols, audioStart) is { } fault)
            throw new ArgumentException($"Symbols of a character tokenizer: expected {fault.Expected}, found {fault.Found}.", nameof(symbols));
        numbers = Symbols.Select((symbol, number) => (symbol, number)).ToDictionary(pair => pair.symbol, pair => pair.number, StringComparer.Ordinal);
    }

    /// <summary>The vocabulary of the shipped models: a to z, space, apostrophe, audio start.</summary>
    public static CharacterTokenizer Default { get; } =
        new([.. Enumerable.Range('a', 26).Select(letter => ((char)letter).ToString()), " ", "'", DefaultAudioStart], DefaultAudioStart);

    public IReadOnlyList<string> Symbols { get; }

    public string AudioStart { get; }

    public int AudioStartId => numbers[AudioStart];

    /// <summary>The numbers of the text's characters; audioStart itself is never among them.</summary>
    public CharacterEncoding Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length);
        var unknown = new List<UnknownCharacter>();
        var position = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var character = rune.ToString();
            if (TryNumber(character, out var id))
                ids.Add(id);
            else
                unknown.Add(Fold(rune, character, position, ids));
            position += rune.Utf16SequenceLength;
        }

        return new CharacterEncoding([.. ids], unknown);
    }

    /// <summary>The text of symbol numbers; audio start shows by its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not that of a symbol.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)Symbols.Count)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"The vocabulary has {Symbols.Count} symbols.");
            text.Append(Symbols[id]);
        }

        return text.ToString();
    }

    /// <exception cref="CheckpointException">The file is missing or is not a character tokenizer.</exception>
    public static CharacterTokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MaximumFileBytes)
                throw new CheckpointException(path, null, $"at most {MaximumFileBytes} bytes", $"{stream.Length}");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Parse(bytes, path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, null, "a tokenizer file", "no file of this name", fault);
        }
    }

    /// <param name="json">Content of a tokenizer.json.</param>
    /// <param name="file">For messages.</param>
    /// <inheritdoc cref="Load"/>
    public static CharacterTokenizer Parse(ReadOnlySpan<byte> json, string file)
    {
        try
        {
            return Parse(new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaximumDepth }), file);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-8 or UTF-16.
            throw new CheckpointException(file, null, "valid JSON, nested at most two deep", fault.Message, fault);
        }
    }

    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteStartArray("symbols");
        foreach (var symbol in Symbols)
            json.WriteStringValue(symbol);
        json.WriteEndArray();
        json.WriteString("audioStart", AudioStart);
        json.WriteEndObject();
    });

    private static CharacterTokenizer Parse(Utf8JsonReader reader, string file)
    {
        string? type = null, audioStart = null;
        List<string>? symbols = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new CheckpointException(file, null, "an object", reader.TokenType.ToString());
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "type" when type is null:
                    type = ReadString(ref reader, file, key);
                    break;
                case "audioStart" when audioStart is null:
                    audioStart = ReadString(ref reader, file, key);
                    break;
                case "symbols" when symbols is null:
                    symbols = ReadSymbols(ref reader, file);
                    break;
                default:
                    throw new CheckpointException(file, null, "type, symbols and audioStart, each once", $"the key {MalformedFileException.Quote(key)}");
            }
        }

        // Throws JsonException when anything but white space follows the object.
        reader.Read();
        if (type is null || symbols is null || audioStart is null)
            throw new CheckpointException(file, null, "type, symbols and audioStart", $"no {(type is null ? "type" : symbols is null ? "symbols" : "audioStart")}");
        if (type != Type)
            throw new CheckpointException(file, null, $"a tokenizer of type \"{Type}\"", MalformedFileException.Quote(type));
        if (Fault(symbols, audioStart) is { } fault)
            throw new CheckpointException(file, null, fault.Expected, fault.Found);
        return new CharacterTokenizer(symbols, audioStart);
    }

    private static string ReadString(ref Utf8JsonReader reader, string file, string key) => reader.TokenType == JsonTokenType.String
        ? reader.GetString()!
        : throw new CheckpointException(file, null, $"a string as {key}", reader.TokenType.ToString());

    private static List<string> ReadSymbols(ref Utf8JsonReader reader, string file)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new CheckpointException(file, null, "an array as symbols", reader.TokenType.ToString());
        var symbols = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (symbols.Count == MaximumSymbols)
                throw new CheckpointException(file, null, $"at most {MaximumSymbols} symbols", "more");
            symbols.Add(ReadString(ref reader, file, $"symbol {symbols.Count}"));
        }

        return symbols;
    }

    private static (string Expected, string Found)? Fault(IReadOnlyList<string> symbols, string audioStart)
    {
        if (symbols.Count > MaximumSymbols)
            return ($"at most {MaximumSymbols} symbols", $"{symbols.Count}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var symbol in symbols)
        {
            if (!seen.Add(symbol))
                return ("each symbol once", $"{MalformedFileException.Quote(symbol)} twice");
            if (symbol != audioStart && !(Rune.TryGetRuneAt(symbol + "\0", 0, out var rune) && rune.Utf16SequenceLength == symbol.Length))
                return ("symbols of one character each (but for audioStart)", MalformedFileException.Quote(symbol));
        }

        if (!seen.Contains(audioStart))
            return ("audioStart among the symbols", MalformedFileException.Quote(audioStart));
        return seen.Count < 2 ? ("at least one symbol beside audioStart", "none") : null;
    }

    private bool TryNumber(string character, out int id) => numbers.TryGetValue(character, out id) && character != AudioStart;

    private UnknownCharacter Fold(Rune rune, string character, int position, List<int> ids)
    {
        var folded = CharacterFolding.Fold(rune);
        if (folded is null)
            return new UnknownCharacter(position, character, CharacterFate.Dropped, "");
        var before = ids.Count;
        foreach (var plain in folded)
        {
            if (TryNumber(plain.ToString(), out var id))
                ids.Add(id);
            else
                break;
        }

        if (ids.Count - before == folded.Length)
            return new UnknownCharacter(position, character, CharacterFate.Folded, folded);
        ids.RemoveRange(before, ids.Count - before);
        return new UnknownCharacter(position, character, CharacterFate.Dropped, "");
    }
}
