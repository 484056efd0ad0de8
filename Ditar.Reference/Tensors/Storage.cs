// The memory behind tensors: arrays, the larger ones 64-byte aligned and never moving so that vector loads do not straddle cache lines, and an
// arena that hands the same arrays and tensors out again and again. While an arena is open on a thread (a tape opens one), every result lives in it and dies with it.

using System.Runtime.InteropServices;

namespace Ditar.Reference;

/// <summary>The number type of a tensor, chosen at run time.</summary>
public enum ElementType
{
    Float32,
    Float64,
}

/// <summary>One aligned array. Views share it.</summary>
internal sealed class Storage
{
    private const int Alignment = 64;

    // Below this an array is cheap for the collector and alignment is not worth a pinned object.
    private const int SmallestAligned = 2048;
    private readonly Lock reading = new();
    private float[]? singles;
    private double[]? doubles;
    private int start;
    private bool released;
    private volatile StoredValues? stored;

    public Storage(ElementType type, int capacity)
    {
        Type = type;
        Capacity = capacity;
        Allocate(type, capacity);
    }

    /// <summary>Takes memory and reads the values only when somebody asks for them.</summary>
    public Storage(ElementType type, int capacity, StoredValues stored)
    {
        Type = type;
        Capacity = capacity;
        this.stored = stored;
    }

    public ElementType Type { get; }

    public int Capacity { get; }

    /// <summary>Where the values still lie; null once they were read.</summary>
    public StoredValues? Stored => stored;

    /// <summary>The arena that lends it, or null.</summary>
    public Arena? Owner { get; init; }

    public void Reuse() => released = false;

    public void Release() => released = true;

    public Span<T> Values<T>(int offset, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(released, typeof(Tensor));
        if (stored is not null) Fill();
        return singles is not null
            ? MemoryMarshal.Cast<float, T>(singles.AsSpan(start + offset, count))
            : MemoryMarshal.Cast<double, T>(doubles.AsSpan(start + offset, count));
    }

    private void Fill()
    {
        lock (reading)
        {
            if (stored is not { } source) return;
            Allocate(Type, Capacity);
            if (Type == ElementType.Float32) source.Read(singles.AsSpan(start, Capacity));
            else source.Read(doubles.AsSpan(start, Capacity));
            // Last: whoever sees it gone finds the values there.
            stored = null;
        }
    }

    private void Allocate(ElementType type, int capacity)
    {
        if (capacity < SmallestAligned)
        {
            if (type == ElementType.Float32) singles = GC.AllocateUninitializedArray<float>(capacity);
            else doubles = GC.AllocateUninitializedArray<double>(capacity);
        }
        else if (type == ElementType.Float32)
        {
            singles = GC.AllocateUninitializedArray<float>(checked(capacity + (Alignment / sizeof(float))), pinned: true);
            start = Padding(Marshal.UnsafeAddrOfPinnedArrayElement(singles, 0)) / sizeof(float);
        }
        else
        {
            doubles = GC.AllocateUninitializedArray<double>(checked(capacity + (Alignment / sizeof(double))), pinned: true);
            start = Padding(Marshal.UnsafeAddrOfPinnedArrayElement(doubles, 0)) / sizeof(double);
        }
    }

    private static int Padding(nint address) => (int)((Alignment - (address % Alignment)) % Alignment);
}

/// <summary>Storage that is lent while the arena is open and lent again the next time. Open on one thread at a time.</summary>
public sealed class Arena
{
    [ThreadStatic]
    private static Arena? current;

    // Four size classes per power of two waste at most a fifth, and let batches of other lengths find last step's arrays.
    private readonly Dictionary<(ElementType, int), Stack<Storage>> free = [];
    private readonly List<Storage> lent = [];

    // Tensors by rank.
    private readonly List<Stack<Tensor>> freeTensors = [];
    private readonly List<Tensor> lentTensors = [];

    /// <summary>Elements held, lent or free.</summary>
    public long Capacity { get; private set; }

    internal static Arena? Current => current;

    /// <summary>From now until the scope is disposed, tensors made on this thread live here; after that, reading them throws.</summary>
    public Scope Open()
    {
        var outer = current;
        current = this;
        return new Scope(this, outer);
    }

    internal Storage Rent(ElementType type, int count)
    {
        var capacity = SizeClass(count);
        if (free.TryGetValue((type, capacity), out var stack) && stack.TryPop(out var storage))
        {
            storage.Reuse();
        }
        else
        {
            storage = new Storage(type, capacity) { Owner = this };
            Capacity += capacity;
        }

        lent.Add(storage);
        return storage;
    }

    /// <summary>A tensor that dies with what it shows, and comes back as another one.</summary>
    internal Tensor Wrap(Storage storage, int offset, ReadOnlySpan<int> shape)
    {
        while (freeTensors.Count <= shape.Length) freeTensors.Add(new Stack<Tensor>());
        if (freeTensors[shape.Length].TryPop(out var tensor)) tensor.Become(storage, offset, shape);
        else tensor = new Tensor(storage, offset, shape);
        lentTensors.Add(tensor);
        return tensor;
    }

    private void Reset()
    {
        foreach (var tensor in lentTensors)
        {
            tensor.Entry = null;
            freeTensors[tensor.Rank].Push(tensor);
        }

        lentTensors.Clear();
        foreach (var storage in lent)
        {
            storage.Release();
            if (!free.TryGetValue((storage.Type, storage.Capacity), out var stack)) free[(storage.Type, storage.Capacity)] = stack = new Stack<Storage>();
            stack.Push(storage);
        }

        lent.Clear();
    }

    internal static int SizeClass(int count)
    {
        if (count <= 64) return 64;
        var quarter = 1 << (30 - int.LeadingZeroCount(count - 1) - 1);            // a quarter of the power of two below count
        return checked((count + quarter - 1) / quarter * quarter);
    }

    public readonly struct Scope : IDisposable
    {
        private readonly Arena arena;
        private readonly Arena? outer;

        internal Scope(Arena arena, Arena? outer) => (this.arena, this.outer) = (arena, outer);

        public void Dispose()
        {
            current = outer;
            arena.Reset();
        }
    }
}
