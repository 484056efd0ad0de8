// A path of addresses that the tile kernel prefetches beside its arithmetic: one address per step of k. Addresses may lie outside of any
// matrix; a prefetch of such an address does nothing.

namespace Ditar.Simd;

/// <summary>From Start on, one address per step of k; after every <see cref="GemmTile.AheadPeriod"/> steps Turn is added as well.</summary>
internal unsafe struct GemmWalk
{
    /// <summary>Elements of a row that one turn covers: a cache line of 16 per step.</summary>
    public const int RowLength = 16 * GemmTile.AheadPeriod;

    public float* Start;
    public nint Step, Turn;

    /// <summary>Added to Start for each group of tile rows.</summary>
    public nint PerGroup;

    /// <summary>Spreads the first <see cref="RowLength"/> elements of each of a matrix's rows over the groups.</summary>
    public static GemmWalk Over(float* start, int rows, nint rowStride, int groups) => new()
    {
        Start = start,
        Step = 16,
        Turn = rowStride - RowLength,
        PerGroup = (rows + groups - 1) / groups * rowStride,
    };
}
