// The remainder of a row: fewer elements than a vector has. They are moved through a zeroed vector on the stack, so that the remainder
// runs through exactly the code of the full vectors and no element's bits depend on where in a row it stands.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class Partial
{
    /// <summary>The first <paramref name="count"/> lanes from memory, zeros behind them. Reads nothing beyond.</summary>
    [MethodImpl(Jit.Inline)]
    public static TVector Load<TWidth, TVector>(float* source, int count)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var whole = TWidth.Zero;
        for (var i = 0; i < count; i++)
            ((float*)&whole)[i] = source[i];
        return whole;
    }

    /// <summary>As the other form, with <paramref name="rest"/> in the other lanes.</summary>
    [MethodImpl(Jit.Inline)]
    public static TVector Load<TWidth, TVector>(float* source, int count, float rest)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var whole = TWidth.Broadcast(rest);
        for (var i = 0; i < count; i++)
            ((float*)&whole)[i] = source[i];
        return whole;
    }

    /// <summary>Writes the first <paramref name="count"/> lanes and nothing beyond.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Store<TWidth, TVector>(TVector value, float* destination, int count)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < count; i++)
            destination[i] = ((float*)&value)[i];
    }
}
