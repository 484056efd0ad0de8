// Storage that a thread keeps between kernel calls: packed panels, tiles at the edge. 64-byte aligned so that a full vector never
// straddles two cache lines. It grows to the largest request and is freed when the thread's object is collected.

using System.Runtime.InteropServices;

namespace Ditar.Simd;

internal sealed unsafe class Scratch
{
    private const int Alignment = 64;

    [ThreadStatic]
    private static Scratch? _ofThread;

    private float* _panels;
    private nuint _panelsLength;
    private float* _block;
    private nuint _blockLength;

    ~Scratch()
    {
        NativeMemory.AlignedFree(_panels);
        NativeMemory.AlignedFree(_block);
    }

    public static Scratch OfThread => _ofThread ??= new Scratch();

    /// <summary>Room for packed panels of B; contents are undefined.</summary>
    public float* Panels(nuint length) => Grow(ref _panels, ref _panelsLength, length);

    /// <summary>Room for a packed block of A or a row kernel's intermediate values; contents are undefined.</summary>
    public float* Block(nuint length) => Grow(ref _block, ref _blockLength, length);

    private static float* Grow(ref float* memory, ref nuint held, nuint length)
    {
        if (length > held)
        {
            NativeMemory.AlignedFree(memory);
            memory = null;
            held = 0;
            memory = (float*)NativeMemory.AlignedAlloc(checked(length * sizeof(float)), Alignment);
            held = length;
        }

        return memory;
    }
}
