// A character of the user's text that the model has no symbol for, and what became of it. Nothing is lost without a word about it.
namespace Ditar.Reference.Text;

public enum CharacterFate
{
    /// <summary>Left out.</summary>
    Dropped,

    /// <summary>Replaced by a close relative, for example an upper-case letter by the lower-case one.</summary>
    Folded,
}

/// <param name="Position">Index of its first UTF-16 unit in the text.</param>
/// <param name="Character">The character; half of a surrogate pair shows as U+FFFD.</param>
/// <param name="Fate">What was done.</param>
/// <param name="Replacement">What stands in its place; empty when dropped.</param>
public readonly record struct UnknownCharacter(int Position, string Character, CharacterFate Fate, string Replacement)
{
    public override string ToString() => Fate == CharacterFate.Folded
        ? $"'{Character}' at {Position} was read as '{Replacement}'"
        : $"'{Character}' at {Position} was left out";
}
