// Storage that a thread keeps between kernel calls: packed panels, scores, patterns. 64-byte aligned so that a full vector never straddles
// two cache lines. Each piece grows to its largest request and is freed when the thread's object is collected.

using System.Runtime.InteropServices;

namespace Ditar.Simd;

internal sealed unsafe class Scratch
{
    private const int Alignment = 64;

    [ThreadStatic]
    private static Scratch? _ofThread;

    private Piece _panelsOfB, _groupsOfA, _keys, _scores, _pattern;

    ~Scratch()
    {
        _panelsOfB.Free();
        _groupsOfA.Free();
        _keys.Free();
        _scores.Free();
        _pattern.Free();
    }

    public static Scratch OfThread => _ofThread ??= new Scratch();

    /// <summary>Packed panels of a matrix product's B. Contents are undefined, as for all of these.</summary>
    public float* PanelsOfB(nuint length) => _panelsOfB.AtLeast(length);

    /// <summary>Packed groups of tile rows of a matrix product's A.</summary>
    public float* GroupsOfA(nuint length) => _groupsOfA.AtLeast(length);

    /// <summary>One head's transposed keys or values; attention holds it across matrix products.</summary>
    public float* Keys(nuint length) => _keys.AtLeast(length);

    /// <summary>One head's scores; attention holds them across matrix products.</summary>
    public float* Scores(nuint length) => _scores.AtLeast(length);

    /// <summary>Values per channel or position, laid out for a kernel's lanes.</summary>
    public float* Pattern(nuint length) => _pattern.AtLeast(length);

    private struct Piece
    {
        private float* _memory;
        private nuint _length;

        public float* AtLeast(nuint length)
        {
            if (length > _length)
            {
                Free();
                _memory = (float*)NativeMemory.AlignedAlloc(checked(length * sizeof(float)), Alignment);
                _length = length;
            }

            return _memory;
        }

        public void Free()
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _length = 0;
        }
    }
}
