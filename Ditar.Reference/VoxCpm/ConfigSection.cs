// Reading an official config.json without trust: unknown keys are ignored and missing ones take defaults, as the official code does, but a value of
// another kind or out of all proportion is refused by name.

using System.Text.Json;
using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

/// <param name="json">An object, or undefined for an empty one.</param>
/// <param name="at">Path of the keys up to here, "" or "lm_config.".</param>
internal readonly struct ConfigSection(string file, JsonElement json, string at)
{
    /// <summary>An inner object; an empty one where the key is missing or null.</summary>
    public ConfigSection Section(string key)
    {
        if (Find(key) is not { } value) return new(file, default, $"{at}{key}.");
        if (value.ValueKind != JsonValueKind.Object) throw Fault(key, "an object", value);
        return new(file, value, $"{at}{key}.");
    }

    public bool Has(string key) => Find(key) is not null;

    /// <summary>True where the key is there with the value null.</summary>
    public bool SaysNull(string key) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Null;

    /// <param name="missing">The default; null where there is none.</param>
    public int Integer(string key, int? missing, int lowest, int highest)
    {
        if (Find(key) is not { } value) return missing ?? throw Missing(key);
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number != Math.Floor(number) || !(number >= lowest && number <= highest))
            throw Fault(key, $"a whole number from {lowest} to {highest}", value);
        return (int)number;
    }

    public double Number(string key, double? missing, double lowest, double highest)
    {
        if (Find(key) is not { } value) return missing ?? throw Missing(key);
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !(number >= lowest && number <= highest))
            throw Fault(key, $"a number from {lowest} to {highest}", value);
        return number;
    }

    public bool Flag(string key, bool missing)
    {
        if (Find(key) is not { } value) return missing;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw Fault(key, "true or false", value);
        return value.GetBoolean();
    }

    public string Text(string key, string missing)
    {
        if (Find(key) is not { } value) return missing;
        if (value.ValueKind != JsonValueKind.String) throw Fault(key, "a string", value);
        return value.GetString()!;
    }

    public IReadOnlyList<int>? Integers(string key, int lowest, int highest, int most)
    {
        var numbers = Numbers(key, lowest, highest, most);
        if (numbers?.Any(number => number != Math.Floor(number)) == true) throw Fault(key, $"whole numbers from {lowest} to {highest}", string.Join(", ", numbers));
        return numbers is null ? null : [.. numbers.Select(number => (int)number)];
    }

    public IReadOnlyList<double>? Numbers(string key, double lowest, double highest, int most)
    {
        if (Find(key) is not { } value) return null;
        RequireArray(key, value, most);
        var numbers = new List<double>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetDouble(out var number) || !(number >= lowest && number <= highest))
                throw Fault(key, $"numbers from {lowest} to {highest}", value);
            numbers.Add(number);
        }

        return numbers;
    }

    /// <returns>What to throw about a key.</returns>
    public CheckpointException Fault(string key, string expected, string found) => new(file, at + key, expected, found);

    private JsonElement? Find(string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private void RequireArray(string key, JsonElement value, int most)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most) throw Fault(key, $"an array of at most {most} numbers", value);
    }

    private CheckpointException Fault(string key, string expected, JsonElement found) => Fault(key, expected, MalformedFileException.Quote(found.GetRawText()));

    private CheckpointException Missing(string key) => Fault(key, "the key", "nothing");
}
