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
        var panels = scratch.Panels((nuint)steps * (nuint)columnsHeld);
        var packed = packA ? scratch.Block((nuint)steps * (nuint)Math.Min(m + TWidth.TileRows, MaxPackedRows)) : null;
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
                    Block<TWidth, TVector>(in block, panels, packed);
                }
            }
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Block<TWidth, TVector>(in GemmOperands block, float* panels, float* packed)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var panelWidth = 2 * TWidth.Count;
        if (packed != null)
            GemmPack.Strips(block.A, block.ARowStride, block.AColumnStride, block.M, block.K, TWidth.TileRows, packed);

        for (var i = 0; i < block.M; i += TWidth.TileRows)
        {
            for (var j = 0; j < block.N; j += panelWidth)
            {
                var tile = block.Part(i, Math.Min(TWidth.TileRows, block.M - i), j, Math.Min(panelWidth, block.N - j));
                tile.B = panels + ((nint)j * block.K);
                tile.BRowStride = panelWidth;
                if (packed != null)
                {
                    tile.A = packed + ((nint)i * block.K);
                    tile.ARowStride = 1;
                    tile.AColumnStride = TWidth.TileRows;
                }

                if (tile.N == panelWidth)
                    Rows<TWidth, TVector, Two>(ref tile);
                else if (tile.N == TWidth.Count)
                    Rows<TWidth, TVector, One>(ref tile);
                else
                    Edge<TWidth, TVector>(ref tile);
            }
        }
    }

    /// <summary>A tile at the right edge: computed at full width into scratch, of which only the columns that exist go to C.</summary>
    [MethodImpl(Jit.Hot)]
    private static void Edge<TWidth, TVector>(ref GemmOperands tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        const int WidestTile = 12 * 32;
        var wide = stackalloc float[WidestTile];
        var c = tile.C;
        var (stride, accumulate) = (tile.CRowStride, tile.Accumulate);
        var panelWidth = 2 * TWidth.Count;
        var rows = tile.M;
        tile.C = wide;
        tile.CRowStride = panelWidth;
        tile.Accumulate = false;
        if (tile.N < TWidth.Count)
            Rows<TWidth, TVector, One>(ref tile);
        else
            Rows<TWidth, TVector, Two>(ref tile);
        for (var i = 0; i < rows; i++, c += stride, wide += panelWidth)
        {
            for (var j = 0; j < tile.N; j++)
                c[j] = accumulate ? c[j] + wide[j] : wide[j];
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Rows<TWidth, TVector, TVectors>(ref GemmOperands tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        if (tile.M == TWidth.TileRows)
        {
            // The constant is the compiler's to fold: only one of the two calls remains.
            if (TWidth.TileRows == 12)
                Tile<TWidth, TVector, Twelve, TVectors>(in tile);
            else
                Tile<TWidth, TVector, Six, TVectors>(in tile);
            return;
        }

        while (tile.M > 0)
        {
            var rows = 1;
            if (tile.M >= 8)
                Tile<TWidth, TVector, Eight, TVectors>(in tile, rows = 8);
            else if (tile.M >= 4)
                Tile<TWidth, TVector, Four, TVectors>(in tile, rows = 4);
            else if (tile.M >= 2)
                Tile<TWidth, TVector, Two, TVectors>(in tile, rows = 2);
            else
                Tile<TWidth, TVector, One, TVectors>(in tile);
            tile.M -= rows;
            tile.A += rows * tile.ARowStride;
            tile.C += rows * tile.CRowStride;
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Tile<TWidth, TVector, TRows, TVectors>(in GemmOperands tile, int rows = 0)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount
    {
        System.Diagnostics.Debug.Assert(rows == 0 || rows == TRows.Value, "The tile's rows are part of its type.");
        GemmTile.Multiply<TWidth, TVector, TRows, TVectors>(
            tile.K, tile.A, tile.ARowStride, tile.AColumnStride, tile.B, tile.BRowStride, tile.C, tile.CRowStride, tile.Accumulate);
    }
}
