// Reverse-mode differentiation (chain rule over a recorded list): while a tape is open on a thread, each operation with a tracked input appends
// how to pass its output's gradient on to its inputs; Gradients walks that list backwards. One tape per thread at a time.

namespace Ditar.Reference;

/// <summary>Records operations from its creation until it is disposed. All tensors made meanwhile on this thread live in its arena and die with it.</summary>
public sealed class Tape : IDisposable
{
    [ThreadStatic]
    private static Tape? current;

    private readonly List<Entry> entries = [];
    private readonly Dictionary<Tensor, Entry> leaves = new(ReferenceEqualityComparer.Instance);
    private readonly Arena.Scope memory;
    private bool recording = true;

    /// <param name="arena">Where results live; reuse one arena from step to step so that nothing is allocated.</param>
    public Tape(Arena? arena = null)
    {
        if (current is not null) throw new InvalidOperationException("A tape is already recording on this thread; dispose it first.");
        memory = (arena ?? new Arena()).Open();
        current = this;
    }

    /// <summary>Makes tensors leaves: gradients with respect to them can be asked for.</summary>
    public void Watch(params IEnumerable<Tensor> tensors)
    {
        foreach (var tensor in tensors) leaves.TryAdd(tensor, new Entry(this, tensor, null));
    }

    /// <summary>d loss / d tensor for each watched tensor, in order; zeros where the loss does not depend on it.</summary>
    /// <param name="loss">A single number computed under this tape.</param>
    /// <returns>Tensors in the tape's arena: use or copy them before the tape is disposed.</returns>
    /// <exception cref="ArgumentException">The loss is not a single number, was not computed from a watched tensor, or a tensor is not watched.</exception>
    public IReadOnlyList<Tensor> Gradients(Tensor loss, IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(tensors);
        if (loss.Count != 1) throw new ArgumentException($"The loss must be a single number, found {ShapeText.Of(loss.Shape)}.", nameof(loss));
        var root = Find(loss) ?? throw new ArgumentException("The loss does not depend on any watched tensor.", nameof(loss));

        recording = false;
        root.Add(Tensor.Full(loss.Type, 1, loss.Shape), gradientIsOwned: true);
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            var entry = entries[i];
            if (entry.Gradient is { } gradient) entry.Backward!(this, gradient);
        }

        recording = true;
        return [.. tensors.Select(t =>
            leaves.TryGetValue(t, out var leaf)
                ? leaf.Gradient ?? Tensor.Zeros(t.Type, t.Shape)
                : throw new ArgumentException($"A tensor {ShapeText.Of(t.Shape)} is not watched by this tape."))];
    }

    public void Dispose()
    {
        if (current != this) return;
        current = null;
        memory.Dispose();
    }

    /// <summary>Is one of these tracked by the tape that records on this thread?</summary>
    internal static bool Tracks(Tensor a) => current is { recording: true } tape && tape.Find(a) is not null;

    internal static bool Tracks(Tensor a, Tensor b) => Tracks(a) || Tracks(b);

    internal static bool Tracks(ReadOnlySpan<Tensor> inputs)
    {
        foreach (var input in inputs)
            if (Tracks(input)) return true;
        return false;
    }

    /// <summary>Call only after <see cref="Tracks(Tensor)"/> said yes.</summary>
    internal static void Record(Tensor result, Action<Tape, Tensor> backward)
    {
        var tape = current!;
        var entry = new Entry(tape, result, backward);
        tape.entries.Add(entry);
        result.Entry = entry;
    }

    /// <summary>Does the gradient of this input matter? Lets an operation skip work for constants.</summary>
    internal bool Wants(Tensor input) => Find(input) is not null;

    /// <summary>Adds to the gradient of an input; nothing happens when the input is not tracked.</summary>
    /// <param name="owned">True when nobody else holds <paramref name="gradient"/>, so that it may be added to in place.</param>
    internal void Accumulate(Tensor input, Tensor gradient, bool owned = true) => Find(input)?.Add(gradient, owned);

    private Entry? Find(Tensor tensor) => tensor.Entry?.Tape == this ? tensor.Entry : leaves.GetValueOrDefault(tensor);

    internal sealed class Entry(Tape tape, Tensor value, Action<Tape, Tensor>? backward)
    {
        private bool owned;

        public Tape Tape { get; } = tape;

        public Action<Tape, Tensor>? Backward { get; } = backward;

        public Tensor? Gradient { get; private set; }

        public void Add(Tensor gradient, bool gradientIsOwned)
        {
            if (!gradient.Shape.SequenceEqual(value.Shape))
                throw new InvalidOperationException($"A gradient {ShapeText.Of(gradient.Shape)} arrived for a value {ShapeText.Of(value.Shape)}.");
            if (Gradient is null)
            {
                Gradient = gradient;
                owned = gradientIsOwned;
            }
            else if (owned)
            {
                Gradient.AddInPlace(gradient);
            }
            else if (gradientIsOwned)
            {
                gradient.AddInPlace(Gradient);
                Gradient = gradient;
                owned = true;
            }
            else
            {
                Gradient += gradient;
                owned = true;
            }
        }
    }
}
