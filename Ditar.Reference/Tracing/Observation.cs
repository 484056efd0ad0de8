// Who is told about tensor operations on the current thread. Usually nobody: then each operation costs one look at a thread-static field and allocates
// nothing. Gradients are not told apart: observe forward passes only.

using System.Runtime.CompilerServices;

namespace Ditar.Reference.Tracing;

public static class Observation
{
    // Null too while a composite operation runs: what it is made of is nobody's business.
    [ThreadStatic]
    private static ITensorObserver? current;

    internal static ITensorObserver? Current => current;

    /// <summary>Tells <paramref name="observer"/> of everything on this thread until the returned scope is disposed. Scopes nest; the inner one counts.</summary>
    public static Scope Of(ITensorObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var outer = current;
        current = observer;
        return new Scope(outer);
    }

    /// <summary>Nothing is told until the result is disposed, except what is recorded through it.</summary>
    internal static Composite Compose()
    {
        var observer = current;
        if (observer is not null) current = null;
        return new Composite(observer);
    }

    /// <summary>Reports an operation and returns its result.</summary>
    /// <param name="inputs">Nulls are left out.</param>
    internal static Tensor Record(
        OperationKind kind, Tensor result, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<int> integers = default, ReadOnlySpan<double> numbers = default)
    {
        if (current is { } observer) Tell(observer, kind, result, inputs, integers, numbers);
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tell(
        ITensorObserver observer, OperationKind kind, Tensor result, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<int> integers, ReadOnlySpan<double> numbers)
    {
        var given = new List<Tensor>(inputs.Length);
        foreach (var input in inputs)
            if (input is not null) given.Add(input);
        observer.Operation(new TensorOperation(kind, given, result, integers.ToArray(), numbers.ToArray()));
    }

    public readonly struct Scope : IDisposable
    {
        private readonly ITensorObserver? outer;

        internal Scope(ITensorObserver? outer) => this.outer = outer;

        public void Dispose() => current = outer;
    }

    /// <summary>An operation made of others.</summary>
    internal readonly ref struct Composite(ITensorObserver? observer)
    {
        private readonly ITensorObserver? observer = observer;

        public Tensor Record(
            OperationKind kind, Tensor result, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<int> integers = default, ReadOnlySpan<double> numbers = default)
        {
            if (observer is not null) Tell(observer, kind, result, inputs, integers, numbers);
            return result;
        }

        public void Dispose()
        {
            if (observer is not null) current = observer;
        }
    }
}
