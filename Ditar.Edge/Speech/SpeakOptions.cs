// What a caller may choose about one act of speaking. Null means what the checkpoint says.

using Ditar.Reference.Speech;

namespace Ditar.Edge;

public sealed record SpeakOptions
{
    /// <summary>Whose voice; null for the checkpoint's first. A voice of one's own comes from <see cref="Speaker.VoiceFrom"/>.</summary>
    public Voice? Voice { get; init; }

    /// <summary>The same seed and text give the same speech.</summary>
    public ulong Seed { get; init; }

    /// <summary>Solver steps of each patch.</summary>
    public int? Steps { get; init; }

    /// <summary>w of the guidance; 0 is none.</summary>
    public double? Guidance { get; init; }

    /// <summary>tau, 0 (always the same speech) to 1.</summary>
    public double? Temperature { get; init; }

    /// <summary>
    /// Longest utterance in characters as read. The tiny model was trained on texts of up to 55: longer ones are cut at clauses, then between words,
    /// and spoken one after the other.
    /// </summary>
    public int LongestUtterance { get; init; } = 60;

    /// <summary>Silence after a sentence, added to what the model itself leaves.</summary>
    public TimeSpan SentencePause { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Silence where a long sentence was cut at a comma or the like.</summary>
    public TimeSpan ClausePause { get; init; } = TimeSpan.FromSeconds(0.08);

    /// <summary>Hears what the caller should know: characters left out, an utterance that ran to its limit.</summary>
    public Action<string>? Notice { get; init; }
}
