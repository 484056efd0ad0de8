// The loops around the tile kernel, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication". A packed block of B
// (k x columns) stays in the second-level cache; a group of tile rows of A (12 x k) stays in the first while all panels of that block pass it.
// So A and C, the large operands of training, go through the caches once per block of B, C in whole rows. The opposite nesting (a panel of B
// held, A passing) was up to half slower where C is larger than the caches.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>A product's operands as the loops see them: pointers and element strides.</summary>
internal unsafe struct GemmOperands
{
    public int M, N, K;
    public float* A, B, C;
    public nint ARowStride, AColumnStride, BRowStride, BColumnStride, CRowStride;
    public bool Accumulate;

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
    // tile rows is 12 x 512 x 4 bytes = 24 KB, half of a 48 KB first-level cache. Longer sums are cut evenly.
    private const int MaxSteps = 512, MaxColumns = 512;

    // When A must be packed: 240 x 512 x 4 bytes = 480 KB at a time. A multiple of 12 and 6.
    private const int MaxPackedRows = 240;

    /// <summary>Computes the product on the calling thread.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Multiply<TWidth, TVector>(in GemmOperands product)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (m, n, k) = (product.M, product.N, product.K);
        var panelWidth = 2 * TWidth.Count;
        var stepBlocks = (k + MaxSteps - 1) / MaxSteps;
        var packA = product.AColumnStride != 1;
        var scratch = Scratch.OfThread;
        var steps = (k + stepBlocks - 1) / stepBlocks;
        var columnsHeld = Math.Min(MaxColumns, (n + panelWidth - 1) / panelWidth * panelWidth);
        var panels = scratch.PanelsOfB((nuint)steps * (nuint)columnsHeld);
        var packed = packA ? scratch.GroupsOfA((nuint)steps * (nuint)Math.Min(m + TWidth.TileRows, MaxPackedRows)) : null;
        for (var p0 = 0; p0 < k; p0 += steps)
        {
            var p = Math.Min(steps, k - p0);
            for (var n0 = 0; n0 < n; n0 += MaxColumns)
            {
                var columns = Math.Min(MaxColumns, n - n0);
                var b = product.B + (p0 * product.BRowStride) + (n0 * product.BColumnStride);
                GemmPack.Strips(b, product.BColumnStride, product.BRowStride, columns, p, panelWidth, panels);

                var rows = packA ? Math.Min(m, MaxPackedRows) : m;
                for (var m0 = 0; m0 < m; m0 += rows)
                {
                    var block = product.Part(m0, Math.Min(rows, m - m0), n0, columns);
                    block.A += p0 * product.AColumnStride;
                    block.K = p;
                    block.Accumulate = product.Accumulate || p0 > 0;
                    Block<TWidth, TVector>(block, panels, packed);
                }
            }
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Block<TWidth, TVector>(GemmOperands block, float* panels, float* packed)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var aGroupStride = TWidth.TileRows * block.ARowStride;
        if (packed != null)
        {
            GemmPack.Strips(block.A, block.ARowStride, block.AColumnStride, block.M, block.K, TWidth.TileRows, packed);
            block.A = packed;
            block.ARowStride = 1;
            block.AColumnStride = TWidth.TileRows;
            aGroupStride = (nint)TWidth.TileRows * block.K;
        }

        block.B = panels;
        block.BRowStride = 2 * TWidth.Count;
        Tiles<TWidth, TVector>(in block, aGroupStride, 2 * TWidth.Count * (nint)block.K);
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
            for (var j = 0; j < block.N; j += panelWidth, tile.B += bPanelStride, tile.C += panelWidth)
            {
                tile.N = Math.Min(panelWidth, block.N - j);
                if (tile.N == panelWidth)
                    Rows<TWidth, TVector, Two>(in tile);
                else if (tile.N == TWidth.Count)
                    Rows<TWidth, TVector, One>(in tile);
                else
                    Edge<TWidth, TVector>(tile);
            }
        }
    }

    /// <summary>A tile at the right edge: computed at full width into scratch, of which only the columns that exist go to C.</summary>
    [MethodImpl(Jit.Hot)]
    private static void Edge<TWidth, TVector>(GemmOperands tile)
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
            Rows<TWidth, TVector, One>(in tile);
        else
            Rows<TWidth, TVector, Two>(in tile);
        for (var i = 0; i < tile.M; i++, c += stride, wide += panelWidth)
        {
            for (var j = 0; j < tile.N; j++)
                c[j] = accumulate ? c[j] + wide[j] : wide[j];
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Rows<TWidth, TVector, TVectors>(in GemmOperands tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        switch (tile.M)
        {
            case 1:
                Tile<TWidth, TVector, One, TVectors>(in tile);
                break;
            case 2:
                Tile<TWidth, TVector, Two, TVectors>(in tile);
                break;
            case 3:
                Tile<TWidth, TVector, Three, TVectors>(in tile);
                break;
            case 4:
                Tile<TWidth, TVector, Four, TVectors>(in tile);
                break;
            case 5:
                Tile<TWidth, TVector, Five, TVectors>(in tile);
                break;
            case 6:
                Tile<TWidth, TVector, Six, TVectors>(in tile);
                break;
            case 7:
                Tile<TWidth, TVector, Seven, TVectors>(in tile);
                break;
            case 8:
                Tile<TWidth, TVector, Eight, TVectors>(in tile);
                break;
            case 9:
                Tile<TWidth, TVector, Nine, TVectors>(in tile);
                break;
            case 10:
                Tile<TWidth, TVector, Ten, TVectors>(in tile);
                break;
            case 11:
                Tile<TWidth, TVector, Eleven, TVectors>(in tile);
                break;
            case 12:
                Tile<TWidth, TVector, Twelve, TVectors>(in tile);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"A tile has 1 to 12 rows, not {tile.M}.");
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Tile<TWidth, TVector, TRows, TVectors>(in GemmOperands tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount => GemmTile.Multiply<TWidth, TVector, TRows, TVectors>(
            tile.K, tile.A, tile.ARowStride, tile.AColumnStride, tile.B, tile.BRowStride, tile.C, tile.CRowStride, tile.Accumulate);
}
