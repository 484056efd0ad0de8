// What a tile asks for beside its arithmetic: its share of the panel that comes next. A processor fetches ahead by itself, but page by page, and one page
// at a time keeps memory waiting; so the share is read at several places at once. Where this was measured one stream brought 16 GB/s to two threads,
// four 21 and eight 23.

namespace Ditar.Simd;

/// <summary>Addresses to ask for, one step of a tile after another: on to the next stream, and from the last stream back to the line after the first.</summary>
/// <remarks>Tiles copy the fields to locals, which the compiler then keeps in registers; a structure that changes it would keep in memory.</remarks>
internal unsafe struct Ahead
{
    // Streams that begin in the same page are no streams to the processor.
    private const int ManyStreams = 8, FewStreams = 4, LeastForMany = ManyStreams * 8192;

    /// <summary>The first address.</summary>
    public byte* Next;

    /// <summary>Addresses from here on are behind the last stream.</summary>
    public byte* End;

    /// <summary>Bytes from one stream to the next.</summary>
    public nint Distance;

    /// <summary>Added behind the last stream.</summary>
    public nint Back;

    /// <summary>The share of one of several row blocks. Addresses may go a little beyond it: a prefetch faults on none.</summary>
    /// <param name="panel">What is to be fetched.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="block">The block during which this share is fetched.</param>
    /// <param name="blocks">How many there are.</param>
    /// <param name="perStep">Bytes that the tile asks for at each address: one line or two.</param>
    public static Ahead Of(byte* panel, nint bytes, int block, int blocks, int perStep)
    {
        var share = bytes / blocks;
        var start = panel + (share * block);
        var streams = share >= LeastForMany ? ManyStreams : FewStreams;
        var distance = (share + streams - 1) / streams;
        return new Ahead { Next = start, End = start + share, Distance = distance, Back = perStep - (streams * distance) };
    }
}
