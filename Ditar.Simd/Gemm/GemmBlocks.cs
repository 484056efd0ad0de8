// The loops around the tile kernel, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication". A packed block of B
// (k x columns) stays in the second-level cache; a group of tile rows of A (12 x k) stays in the first while all panels of that block pass it.
// So A and C, the large operands of training, go through the caches once per block of B, C in whole rows. The opposite nesting (a panel of B
// held, A passing) was up to half slower where C is larger than the caches.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

/// <summary>A product's operands as the loops see them: pointers and element strides.</summary>
internal unsafe struct GemmOperands
{
    public int M, N, K;
    public float* A, B, C;
    public nint ARowStride, AColumnStride, BRowStride, BColumnStride, CRowStride;
    public bool Accumulate;

    /// <summary>What to prefetch while the first, second and third panel of each group of rows pass.</summary>
    public GemmWalk First, Second, Third;

    /// <summary>The same product for rows m0..m0+m of C and columns n0..n0+n.</summary>
    public readonly GemmOperands Part(int m0, int m, int n0, int n)
    {
        var part = this;
        part.M = m;
        part.N = n;
        part.A += m0 * ARowStride;
        part.B += n0 * BColumnStride;
        part.C += (m0 * CRowStride) + n0;
        return part;
    }
}

internal static unsafe class GemmBlocks
{
    // A packed block of B of 512 x 512 x 4 bytes = 1 MB fits second-level caches from 1.25 MB up with room for what streams through. A group of
    // tile rows is 12 x 512 x 4 bytes = 24 KB, half of a 48 KB first-level cache. Longer sums are cut evenly. Where sums are shorter a block is
    // wider, so that A and C pass it less often; beyond 1024 columns that gains nothing.
    private const int MaxSteps = 512, BlockValues = 512 * 512, MaxColumns = 1024;

    // A group of rows that lie in a large matrix falls on few sets of the first-level cache when their distance is near a power of two. From
    // this many columns on, copying the group side by side (0.75 loads and stores per step) costs under 1 % of the tiles (12 cycles per 32 columns).
    private const int LeastColumnsToCopyA = 512;

    // Where A is packed, a group takes 16 places per step: 16 x 256 x 4 bytes = 16 KB leave the first-level cache room for the panels. Blocks of
    // 240 rows (a multiple of 12 and 6) are packed at a time.
    private const int MaxPackedSteps = 256, MaxPackedRows = 240;

    /// <summary>Computes the product on the calling thread.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Multiply<TWidth, TVector>(in GemmOperands product)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (m, n, k) = (product.M, product.N, product.K);
        var panelWidth = 2 * TWidth.Count;
        var packA = product.AColumnStride != 1;
        var maxSteps = packA ? MaxPackedSteps : MaxSteps;
        var stepBlocks = (k + maxSteps - 1) / maxSteps;
        var rows = packA ? Math.Min(m, MaxPackedRows) : m;
        var scratch = Scratch.OfThread;
        var steps = (k + stepBlocks - 1) / stepBlocks;
        var columns = Math.Min(MaxColumns, BlockValues / steps / panelWidth * panelWidth);
        var panelsHeld = (Math.Min(columns, n) + panelWidth - 1) / panelWidth;
        var panels = scratch.PanelsOfB((nuint)(panelsHeld * GemmPack.Panel<TWidth, TVector>(steps).Stride));
        var groupsHeld = (rows + TWidth.TileRows - 1) / TWidth.TileRows;
        var packed = packA ? scratch.GroupsOfA((nuint)(groupsHeld * GemmPack.Group<TWidth, TVector>(steps).Stride)) : null;
        for (var p0 = 0; p0 < k; p0 += steps)
        {
            for (var n0 = 0; n0 < n; n0 += columns)
            {
                var block = product.Part(0, m, n0, Math.Min(columns, n - n0));
                block.A += p0 * product.AColumnStride;
                block.B += p0 * product.BRowStride;
                block.K = Math.Min(steps, k - p0);
                block.Accumulate = product.Accumulate || p0 > 0;
                var panel = GemmPack.Panel<TWidth, TVector>(block.K);
                GemmPack.Strips<TWidth, TVector>(block.B, block.BColumnStride, block.BRowStride, block.N, block.K, panel, panels);
                for (var m0 = 0; m0 < m; m0 += rows)
                {
                    var part = block.Part(m0, Math.Min(rows, m - m0), 0, block.N);
                    if (packA)
                        Announce<TWidth, TVector>(in product, in block, ref part, m0, p0);
                    part.B = panels;
                    part.BRowStride = panel.Pitch;
                    Block<TWidth, TVector>(part, packed, panel.Stride);
                }
            }
        }
    }

    // Sums over thousands of rows (weight gradients) read both operands once, from far away, and pack them before any arithmetic. So what is
    // packed next is fetched while the present part is computed: the next rows of A, and before the next block of k also its B.
    [MethodImpl(Jit.Inline)]
    private static void Announce<TWidth, TVector>(in GemmOperands product, in GemmOperands block, ref GemmOperands part, int m0, int p0)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var groups = (part.M + TWidth.TileRows - 1) / TWidth.TileRows;
        if (m0 + part.M < product.M)
        {
            part.First = GemmWalk.Over(part.A + (part.M * part.ARowStride), part.K, part.AColumnStride, groups);
        }
        else if (p0 + part.K < product.K)
        {
            part.First = GemmWalk.Over(block.A + (part.K * block.AColumnStride), part.K, block.AColumnStride, groups);
            part.Second = GemmWalk.Over(block.B + (part.K * block.BRowStride), part.K, block.BRowStride, groups);
            part.Third = part.Second;
            part.Third.Start += GemmWalk.RowLength;
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Block<TWidth, TVector>(GemmOperands block, float* packed, nint bPanelStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        if (packed == null)
        {
            // Rows of A are read where they lie; the next group is on its way while the first panel passes the present one.
            var aGroupStride = TWidth.TileRows * block.ARowStride;
            block.First = new GemmWalk
            {
                Start = block.A + aGroupStride,
                PerGroup = aGroupStride,
                Step = block.ARowStride,
                Turn = GemmTile.AheadPeriod * (1 - block.ARowStride),
            };
            if (block.N < LeastColumnsToCopyA)
                Tiles<TWidth, TVector>(in block, aGroupStride, bPanelStride);
            else
                TilesOfCopiedRows<TWidth, TVector>(block, bPanelStride);
            return;
        }

        var group = GemmPack.Group<TWidth, TVector>(block.K);
        GemmPack.Strips<TWidth, TVector>(block.A, block.ARowStride, block.AColumnStride, block.M, block.K, group, packed);
        block.A = packed;
        block.ARowStride = 1;
        block.AColumnStride = group.Pitch;
        Tiles<TWidth, TVector>(in block, group.Stride, bPanelStride);
    }

    [MethodImpl(Jit.Hot)]
    private static void TilesOfCopiedRows<TWidth, TVector>(GemmOperands block, nint bPanelStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var rows = block.A;
        var (left, aRowStride) = (block.M, block.ARowStride);
        var pitch = GemmPack.RowPitch<TWidth, TVector>(block.K);
        block.A = Scratch.OfThread.GroupsOfA((nuint)(TWidth.TileRows * pitch));
        block.ARowStride = pitch;
        for (; left > 0; left -= TWidth.TileRows, rows += TWidth.TileRows * aRowStride)
        {
            block.M = Math.Min(TWidth.TileRows, left);
            GemmPack.CopyRows<TWidth, TVector>(rows, aRowStride, block.M, block.K, block.A, pitch);
            Tiles<TWidth, TVector>(in block, 0, bPanelStride);
            block.C += TWidth.TileRows * block.CRowStride;
            block.First.Start += block.First.PerGroup;
        }
    }

    /// <summary>All tiles of C, with operands that need no further packing. Fused kernels call it on matrices that they arranged themselves.</summary>
    /// <param name="block">Rows of B must be contiguous for two vectors, or for one where no more columns remain.</param>
    /// <param name="aGroupStride">Elements from one group of tile rows of A to the next.</param>
    /// <param name="bPanelStride">Elements from one panel of B to the next.</param>
    [MethodImpl(Jit.Hot)]
    public static void Tiles<TWidth, TVector>(in GemmOperands block, nint aGroupStride, nint bPanelStride)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var panelWidth = 2 * TWidth.Count;
        var tile = block;
        for (var i = 0; i < block.M; i += TWidth.TileRows)
        {
            tile.M = Math.Min(TWidth.TileRows, block.M - i);
            tile.A = block.A + (i / TWidth.TileRows * aGroupStride);
            tile.B = block.B;
            tile.C = block.C + (i * block.CRowStride);
            var group = i / TWidth.TileRows;
            for (var j = 0; j < block.N; j += panelWidth, tile.B += bPanelStride, tile.C += panelWidth)
            {
                tile.N = Math.Min(panelWidth, block.N - j);
                var walk = j == 0 ? block.First : j == panelWidth ? block.Second : j == 2 * panelWidth ? block.Third : default;
                walk.Start += group * walk.PerGroup;
                if (tile.N == panelWidth)
                    Rows<TWidth, TVector, Two>(in tile, in walk);
                else if (tile.N == TWidth.Count)
                    Rows<TWidth, TVector, One>(in tile, in walk);
                else
                    Edge<TWidth, TVector>(tile, in walk);
            }
        }
    }

    /// <summary>A tile at the right edge: computed at full width into scratch, of which only the columns that exist go to C.</summary>
    [MethodImpl(Jit.Hot)]
    private static void Edge<TWidth, TVector>(GemmOperands tile, in GemmWalk walk)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        const int WidestTile = 12 * 32;
        var wide = stackalloc float[WidestTile];
        var c = tile.C;
        var (stride, accumulate) = (tile.CRowStride, tile.Accumulate);
        var panelWidth = 2 * TWidth.Count;
        tile.C = wide;
        tile.CRowStride = panelWidth;
        tile.Accumulate = false;
        if (tile.N < TWidth.Count)
            Rows<TWidth, TVector, One>(in tile, in walk);
        else
            Rows<TWidth, TVector, Two>(in tile, in walk);
        for (var i = 0; i < tile.M; i++, c += stride, wide += panelWidth)
        {
            var j = 0;
            for (; j <= tile.N - 4; j += 4)
            {
                var four = Vector128.Load(wide + j);
                Vector128.Store(accumulate ? Vector128.Load(c + j) + four : four, c + j);
            }

            for (; j < tile.N; j++)
                c[j] = accumulate ? c[j] + wide[j] : wide[j];
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Rows<TWidth, TVector, TVectors>(in GemmOperands tile, in GemmWalk walk)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        switch (tile.M)
        {
            case 1:
                Tile<TWidth, TVector, One, TVectors>(in tile, in walk);
                break;
            case 2:
                Tile<TWidth, TVector, Two, TVectors>(in tile, in walk);
                break;
            case 3:
                Tile<TWidth, TVector, Three, TVectors>(in tile, in walk);
                break;
            case 4:
                Tile<TWidth, TVector, Four, TVectors>(in tile, in walk);
                break;
            case 5:
                Tile<TWidth, TVector, Five, TVectors>(in tile, in walk);
                break;
            case 6:
                Tile<TWidth, TVector, Six, TVectors>(in tile, in walk);
                break;
            case 7:
                Tile<TWidth, TVector, Seven, TVectors>(in tile, in walk);
                break;
            case 8:
                Tile<TWidth, TVector, Eight, TVectors>(in tile, in walk);
                break;
            case 9:
                Tile<TWidth, TVector, Nine, TVectors>(in tile, in walk);
                break;
            case 10:
                Tile<TWidth, TVector, Ten, TVectors>(in tile, in walk);
                break;
            case 11:
                Tile<TWidth, TVector, Eleven, TVectors>(in tile, in walk);
                break;
            case 12:
                Tile<TWidth, TVector, Twelve, TVectors>(in tile, in walk);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"A tile has 1 to 12 rows, not {tile.M}.");
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Tile<TWidth, TVector, TRows, TVectors>(in GemmOperands tile, in GemmWalk walk)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount => GemmTile.Multiply<TWidth, TVector, TRows, TVectors>(
            tile.K, tile.A, tile.ARowStride, tile.AColumnStride, tile.B, tile.BRowStride, tile.C, tile.CRowStride, tile.Accumulate,
            walk.Start, walk.Step, walk.Turn);
}
