// What stops a training run for a reason that the user can act on.

namespace Ditar.Learn;

public sealed class TrainingException : Exception
{
    public TrainingException(string message) : base(message) { }
    public TrainingException(string message, Exception inner) : base(message, inner) { }
    public TrainingException() { }
}
