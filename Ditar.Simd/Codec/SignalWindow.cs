// The steps of a signal that a layer of a stream still needs: those held from before, the new ones behind them, and zeros where the signal begins and
// ends. Steps are numbered from the start of the stream, so a layer asks for step t wherever it lies. This is the fused form of DecoderState.Window.

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ditar.Simd;

internal sealed unsafe class SignalWindow
{
    private readonly float* _memory;
    private readonly int _capacity;
    private long _first;
    private int _count;

    /// <param name="pitch">Elements of a step.</param>
    /// <param name="left">Zeros before the signal: steps -left .. -1.</param>
    /// <param name="room">Most steps that are held and appended at any time, beside those zeros.</param>
    public SignalWindow(StreamMemory memory, int pitch, int left, int room)
    {
        Pitch = pitch;
        _capacity = checked(left + room);
        _memory = memory.Take((long)_capacity * pitch);
        _first = -left;
        _count = left;
        NativeMemory.Clear(_memory, (nuint)left * (nuint)pitch * sizeof(float));
    }

    public int Pitch { get; }

    /// <summary>The step after the last one that is here.</summary>
    public long End => _first + _count;

    /// <summary>Step t, and those after it.</summary>
    public float* Step(long t)
    {
        Debug.Assert(t >= _first && t <= End, "The step was dropped or never came.");
        return _memory + ((nint)(t - _first) * Pitch);
    }

    /// <summary>Where the next steps are to be written.</summary>
    public float* Append(int steps)
    {
        if (steps < 0 || steps > _capacity - _count)
            throw new UnreachableException($"A window of {_capacity} steps holds {_count}; {steps} more do not fit.");
        var place = Step(End);
        _count += steps;
        return place;
    }

    public void AppendZeros(int steps)
    {
        var place = Append(steps);
        NativeMemory.Clear(place, (nuint)steps * (nuint)Pitch * sizeof(float));
    }

    /// <summary>Forgets the steps before t. Moves the others: the price of a memory without seams.</summary>
    public void Drop(long t)
    {
        var gone = (int)Math.Clamp(t - _first, 0, _count);
        if (gone == 0)
            return;
        var bytes = (nuint)(_count - gone) * (nuint)Pitch * sizeof(float);
        NativeMemory.Copy(_memory + ((nint)gone * Pitch), _memory, bytes);
        _first += gone;
        _count -= gone;
    }
}

/// <summary>All native memory of one stream.</summary>
internal sealed unsafe class StreamMemory : IDisposable
{
    private readonly List<NativeBuffer> _buffers = [];

    /// <summary>Room for so many values, undefined at first.</summary>
    public float* Take(long values)
    {
        var buffer = new NativeBuffer(checked((nuint)values * sizeof(float)));
        _buffers.Add(buffer);
        return buffer.Floats;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }
}
