// Where sound goes while it is made.

namespace Ditar.Edge;

internal interface ISpeechSink : IDisposable
{
    /// <summary>Where it goes, for messages.</summary>
    string Name { get; }

    /// <param name="samples">Mono; the next of the sound.</param>
    /// <exception cref="IOException">No space left, nobody listens any more, ...</exception>
    void Append(ReadOnlySpan<float> samples);

    /// <summary>The sound ends here, because it is complete or because the user has stopped it: what was appended is kept.
    /// A sink that is disposed without this leaves nothing behind.</summary>
    void Keep();
}
