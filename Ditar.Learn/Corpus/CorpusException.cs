// The corpus's own failure.

namespace Ditar.Learn;

/// <summary>A corpus folder is missing, incomplete, contradicts itself, or was made with other settings.</summary>
public sealed class CorpusException : Exception
{
    public CorpusException(string message) : base(message) { }
    public CorpusException(string message, Exception inner) : base(message, inner) { }
    public CorpusException() { }
}
