// Rotary positions laid out for vectors: (e, o) -> (e c - o s, e s + o c) is x * [c c c c ...] + swapped(x) * [-s s -s s ...] with the two of each
// pair exchanged, so a position is one row of each pattern. Any cosines and sines will do: stretched ones (LongRoPE) are only other numbers.

using System.Runtime.CompilerServices;
using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Simd;

internal sealed unsafe class RotaryTable : IDisposable
{
    private readonly NativeBuffer _memory;

    public RotaryTable(RotaryPositions positions)
    {
        Positions = positions.Cosine[0];
        HeadDim = 2 * positions.Cosine[1];
        _memory = new NativeBuffer(checked((nuint)Positions * (nuint)HeadDim * 2 * sizeof(float)));
        var cosine = positions.Cosine.To(ElementType.Float32).Values<float>();
        var sine = positions.Sine.To(ElementType.Float32).Values<float>();
        float* cosines = Cosines(0), sines = Sines(0);
        for (var i = 0; i < cosine.Length; i++)
        {
            cosines[2 * i] = cosines[(2 * i) + 1] = cosine[i];
            sines[2 * i] = -sine[i];
            sines[(2 * i) + 1] = sine[i];
        }
    }

    public int Positions { get; }

    public int HeadDim { get; }

    public long Bytes => (long)_memory.Bytes;

    /// <summary>[headDim]: c c c c ...</summary>
    public float* Cosines(int position) => _memory.Floats + ((nint)position * HeadDim);

    /// <summary>[headDim]: -s s -s s ...</summary>
    public float* Sines(int position) => _memory.Floats + ((nint)(Positions + position) * HeadDim);

    /// <summary>Turns one head in place.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Rotate<TWidth, TVector>(int headDim, float* cosines, float* sines, float* x)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        nint i = 0;
        for (; i <= headDim - TWidth.Count; i += TWidth.Count)
        {
            var value = TWidth.Load(x + i);
            var turned = TWidth.Multiply(TWidth.SwapPairs(value), TWidth.Load(sines + i));
            TWidth.Store(TWidth.MultiplyAdd(value, TWidth.Load(cosines + i), turned), x + i);
        }

        if (i == headDim)
            return;

        // headDim is even, so no pair is cut.
        var count = (int)(headDim - i);
        var last = Partial.Load<TWidth, TVector>(x + i, count);
        var swapped = TWidth.Multiply(TWidth.SwapPairs(last), Partial.Load<TWidth, TVector>(sines + i, count));
        Partial.Store<TWidth, TVector>(TWidth.MultiplyAdd(last, Partial.Load<TWidth, TVector>(cosines + i, count), swapped), x + i, count);
    }

    public void Dispose() => _memory.Dispose();
}
