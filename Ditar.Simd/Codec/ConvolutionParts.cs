// A convolution as a job: its output steps (or, where they are few and the weight is large, its output channels) divided over threads. And the pair of
// layers that residual blocks are made of: something small per step (a depthwise convolution, a norm, a first product) into a work area that stays
// in the first-level cache, then a product with what was made, the residual and an activation.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly struct ConvolutionParts<TFinish>(ConvolutionOperands operands, int rows, int parts, bool byColumns, TFinish finish) : IVectorParts
    where TFinish : struct, ITileFinish
{
    public void Run<TWidth, TVector>(int part)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (row0, row1, column0, column1) = (0, rows, 0, operands.Columns);
        if (byColumns)
        {
            var panelWidth = 2 * TWidth.Count;
            var panels = (operands.Columns + panelWidth - 1) / panelWidth;
            column0 = panels * part / parts * panelWidth;
            column1 = Math.Min(panels * (part + 1) / parts * panelWidth, operands.Columns);
        }
        else
        {
            (row0, row1) = Share.Of(rows, part, parts);
        }

        ConvolutionRows.Run<TWidth, TVector, TFinish>(in operands, row0, row1 - row0, column0, column1 - column0, finish);
    }
}

internal static class Share
{
    // A multiple of every width's tile rows.
    private const int Grain = 12;

    /// <summary>Part number <paramref name="part"/> of a run of rows: whole tiles, unless there would be less than two for each part.</summary>
    public static (int From, int To) Of(int rows, int part, int parts)
    {
        if (rows < 2 * Grain * parts)
            return ((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
        var grains = (rows + Grain - 1L) / Grain;
        return ((int)Math.Min(grains * part / parts * Grain, rows), (int)Math.Min(grains * (part + 1) / parts * Grain, rows));
    }
}

internal static unsafe class ConvolutionJob
{
    // With fewer rows than this per part, or a weight larger than a cache, threads share the weight between them rather than each reading all of it.
    private const int FewRows = 24;

    /// <summary>All rows of a convolution.</summary>
    public static void Run<TFinish>(WorkerPool? pool, in ConvolutionOperands operands, int rows, TFinish finish)
        where TFinish : struct, ITileFinish
    {
        if (rows == 0)
            return;
        var parts = VectorParts.Count(pool, (long)rows * operands.Length * operands.Columns);
        var large = (long)operands.Length * operands.Columns > ConvolutionRows.HeldWeight;
        var byColumns = (large || rows < FewRows * parts) && operands.Columns >= 4 * parts * Vectors.Lanes;
        parts = byColumns ? parts : Math.Min(parts, rows);
        VectorParts.Run(pool, parts, new ConvolutionParts<TFinish>(operands, rows, parts, byColumns, finish));
    }
}

/// <summary>The first half of a residual block: for output rows row..row + rows, what the second product reads.</summary>
internal unsafe interface IRowFront
{
    /// <summary>Elements per row of the work area, all told.</summary>
    int WorkPitch { get; }

    /// <param name="work">Room for WorkPitch values per row of a tile.</param>
    /// <returns>Row 0 of the result, inside of the work area.</returns>
    float* Fill<TWidth, TVector>(int row, int rows, float* work)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

/// <param name="second">X is set per group of rows; its row stride says how the front lays them.</param>
/// <param name="work">Room for <see cref="WorkLength"/> values for each part.</param>
internal readonly unsafe struct ResidualParts<TFront, TFinish>(
    TFront front, ConvolutionOperands second, int rows, int parts, float* work, TFinish finish) : IVectorParts
    where TFront : struct, IRowFront
    where TFinish : struct, ITileFinish
{
    /// <summary>Most rows of a tile at any width.</summary>
    private const int TileRows = 12;

    public static long WorkLength(int workPitch) => (long)TileRows * workPitch;

    public static void Run(WorkerPool? pool, in TFront front, in ConvolutionOperands second, int rows, float* work, TFinish finish, long frontWork)
    {
        if (rows == 0)
            return;
        var parts = Math.Min(VectorParts.Count(pool, rows * (((long)second.Length * second.Columns) + frontWork)), rows);
        VectorParts.Run(pool, parts, new ResidualParts<TFront, TFinish>(front, second, rows, parts, work, finish));
    }

    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>(int part)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (from, to) = Share.Of(rows, part, parts);
        var own = work + (part * (nint)WorkLength(front.WorkPitch));
        var groups = (to - from + TWidth.TileRows - 1) / TWidth.TileRows;
        var o = second;
        for (var group = 0; group < groups; group++)
        {
            var row = from + (int)((long)(to - from) * group / groups);
            var count = from + (int)((long)(to - from) * (group + 1) / groups) - row;
            o.X = front.Fill<TWidth, TVector>(row, count, own) - (row * o.XRowStride);
            ConvolutionRows.Run<TWidth, TVector, TFinish>(in o, row, count, 0, o.Columns, finish);
        }
    }
}
