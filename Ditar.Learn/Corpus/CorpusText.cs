// What the generator hands on: one text, its kind, and how it is to be spoken.

using System.Text.Json.Serialization;

namespace Ditar.Learn;

/// <summary>What a text of the corpus is about; evaluation reports each kind on its own.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TextKind>))]
public enum TextKind
{
    /// <summary>One to six digits in words: "seven three nine".</summary>
    Digits,

    /// <summary>10..9999 in words.</summary>
    Number,

    /// <summary>A time of day.</summary>
    Time,

    /// <summary>A day and month.</summary>
    Date,

    /// <summary>Letters said by their names: "c a t".</summary>
    Spelling,

    /// <summary>A single word.</summary>
    Word,

    /// <summary>A simple sentence.</summary>
    Sentence,

    /// <summary>A sentence joined with digits, a number, a time, a date or a spelling.</summary>
    Combination,
}

/// <summary>One text of a corpus.</summary>
/// <param name="Text">What the model reads: letters a to z, space, apostrophe.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Spoken">What the synthesiser reads: as <paramref name="Text"/>, but letters that are to be named are capitals,
/// because flite reads a lone "a" as the article.</param>
public sealed record CorpusText(string Text, TextKind Kind, string Spoken);
