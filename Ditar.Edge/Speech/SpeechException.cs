// What a user gave that speech cannot be made of: an empty or endless text, an unknown voice, a prompt that is no use, a model whose sound is not a number.

namespace Ditar.Edge;

/// <summary>The message says what was expected and what was found, in one line.</summary>
public sealed class SpeechException : Exception
{
    public SpeechException(string message) : base(message)
    {
    }

    public SpeechException(string message, Exception inner) : base(message, inner)
    {
    }
}
