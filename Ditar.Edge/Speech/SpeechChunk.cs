// What speaking hands out, piece by piece.

namespace Ditar.Edge;

/// <summary>A part of the text that is spoken in one go.</summary>
/// <param name="Number">0, 1, ...</param>
/// <param name="Count">How many there are.</param>
/// <param name="Text">As the model reads it.</param>
/// <param name="Break">What follows it.</param>
public sealed record Utterance(int Number, int Count, string Text, UtteranceBreak Break);

/// <summary>Where a text was cut.</summary>
public enum UtteranceBreak
{
    /// <summary>The end of a sentence or of the text.</summary>
    Sentence,

    /// <summary>A comma or the like inside a sentence that was too long.</summary>
    Clause,

    /// <summary>Between two words of a clause that was too long.</summary>
    Word,
}

/// <summary>The sound that became final with one patch.</summary>
/// <param name="Samples">Mono, full scale -1 .. 1. The decoder looks ahead a little: the first chunks are shorter than a patch, the last one longer.</param>
/// <param name="Utterance">What is being said.</param>
/// <param name="Patch">Its number in the utterance.</param>
/// <param name="StopProbability">Of this patch being the last, by the stop head.</param>
/// <param name="Last">The last of its utterance.</param>
/// <param name="Pause">How many samples at the end are the silence before the next utterance.</param>
public sealed record SpeechChunk(float[] Samples, Utterance Utterance, int Patch, double StopProbability, bool Last, int Pause);
