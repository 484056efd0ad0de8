// What causal attention remembers of one layer: keys (already rotated) and values of all past positions. Grows by doubling, never shrinks;
// Append is the only copy.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

public sealed class KeyValueCache
{
    // Layout: [1, capacity, keyHeads, headDim]; rows 0 .. Length-1 are filled.
    private Tensor? keys;
    private Tensor? values;

    /// <summary>Positions held.</summary>
    public int Length { get; private set; }

    /// <summary>A view [1, Length, keyHeads, headDim] of what is held, the one that the last Append returned; null before the first.</summary>
    public Tensor? Keys { get; private set; }

    /// <summary>As <see cref="Keys"/>.</summary>
    public Tensor? Values { get; private set; }

    /// <summary>A past that was computed elsewhere. It is not copied before the first Append.</summary>
    /// <param name="keys">[1, time, keyHeads, headDim], rotated.</param>
    /// <param name="values">As keys.</param>
    public static KeyValueCache Over(Tensor keys, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        if (keys.Rank != 4 || keys[0] != 1 || !values.Shape.SequenceEqual(keys.Shape)) throw new ArgumentException($"Keys and values are [1, time, keyHeads, headDim] both, found {keys} and {values}.", nameof(keys));
        return new KeyValueCache { keys = keys, values = values, Keys = keys, Values = values, Length = keys[1] };
    }

    /// <summary>Copies new rows in and returns everything held.</summary>
    /// <param name="newKeys">[1, time, keyHeads, headDim].</param>
    /// <param name="newValues">As keys.</param>
    /// <returns>Views [1, Length, keyHeads, headDim].</returns>
    public (Tensor Keys, Tensor Values) Append(Tensor newKeys, Tensor newValues)
    {
        if (newKeys[0] != 1) throw new ArgumentException($"A cache serves one sequence, found {newKeys}.", nameof(newKeys));
        using var whole = Observation.Compose();
        var time = newKeys[1];
        keys = Room(keys, newKeys, time);
        values = Room(values, newValues, time);
        keys.Write(newKeys, 1, Length);
        values.Write(newValues, 1, Length);
        Length += time;
        Keys = whole.Record(OperationKind.Concat, keys.Slice(1, 0, Length), [Keys, newKeys], [1]);
        Values = whole.Record(OperationKind.Concat, values.Slice(1, 0, Length), [Values, newValues], [1]);
        return (Keys, Values);
    }

    /// <summary>A copy that goes its own way: one prefill can serve many continuations.</summary>
    public KeyValueCache Fork()
    {
        var fork = new KeyValueCache { keys = keys?.Copy(), values = values?.Copy(), Length = Length };
        fork.Keys = fork.keys?.Slice(1, 0, Length);
        fork.Values = fork.values?.Slice(1, 0, Length);
        return fork;
    }

    private Tensor Room(Tensor? held, Tensor like, int time)
    {
        if (held is not null && held[1] >= Length + time) return held;
        var larger = Tensor.Zeros(like.Type, 1, Math.Max(32, 2 * (Length + time)), like[2], like[3]).Copy();
        if (held is not null) larger.Write(held.Slice(1, 0, Length), 1, 0);
        return larger;
    }
}
