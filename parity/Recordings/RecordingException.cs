// A recorded run that cannot be read, or that does not belong beside another one.

using Ditar.Reference.Files;

namespace Ditar.Parity;

internal sealed class RecordingException(string file, string? part, string expected, string found, Exception? inner = null)
    : MalformedFileException(file, part, expected, found, inner);
