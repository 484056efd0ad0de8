// What a decoder remembers between the pieces of one stream. Every layer that looks at neighbouring steps asks it for a window: the steps that it
// still needs from before, the new ones, and zeros where the signal starts and ends. So a layer is written once, for whole signals and for
// pieces, and a piecewise decode runs the same sums over the same numbers as a whole one (spec section 5: equal up to rounding).

namespace Ditar.Reference.Vae;

/// <summary>The state of one stream through one decoder; for one signal at a time (batch 1 or a fixed batch).</summary>
public sealed class DecoderState
{
    private readonly Dictionary<object, Tensor> held = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<object, long> counts = new(ReferenceEqualityComparer.Instance);

    /// <summary>Set before the last piece: layers add the zeros that follow a signal and let everything go.</summary>
    public bool Last { get; set; }

    /// <summary>The steps a sliding window of <paramref name="reach"/> may run over now, given that it moves by <paramref name="stride"/>.</summary>
    /// <param name="owner">The layer.</param>
    /// <param name="x">[batch, time, channels], the next steps; time may be 0.</param>
    /// <param name="left">Zeros before the signal.</param>
    /// <param name="right">Zeros after it.</param>
    internal Tensor Window(object owner, Tensor x, int left, int right, int reach, int stride = 1)
    {
        var steps = held.TryGetValue(owner, out var before) ? Tensor.Concat(1, before, x) : x.Pad(1, left, 0);
        if (Last) steps = steps.Pad(1, 0, right);
        var used = Outputs(steps[1], reach, stride) * stride;
        held[owner] = steps.Slice(1, used, steps[1] - used).Copy();
        return steps;
    }

    /// <summary>The next <paramref name="count"/> steps of a signal that runs beside a delayed one (a residual connection).</summary>
    internal Tensor Delay(object owner, Tensor x, int count)
    {
        var steps = held.TryGetValue(owner, out var before) ? Tensor.Concat(1, before, x) : x;
        held[owner] = steps.Slice(1, count, steps[1] - count).Copy();
        return steps.Slice(1, 0, count);
    }

    /// <summary>Adds what the last call kept to the start of <paramref name="x"/> and keeps its last <paramref name="tail"/> steps, unless it is the end.</summary>
    internal Tensor AddOverlap(object owner, Tensor x, int tail)
    {
        if (held.TryGetValue(owner, out var before)) x += before.Pad(1, 0, x[1] - before[1]);
        if (Last) return x;
        held[owner] = x.Slice(1, x[1] - tail, tail).Copy();
        return x.Slice(1, 0, x[1] - tail);
    }

    /// <summary>Counts on: the sum of all earlier amounts.</summary>
    internal long Advance(object owner, long amount)
    {
        var before = counts.GetValueOrDefault(owner);
        counts[owner] = before + amount;
        return before;
    }

    /// <summary>How many windows fit into a number of steps.</summary>
    internal static int Outputs(int steps, int reach, int stride) => steps < reach ? 0 : ((steps - reach) / stride) + 1;
}
