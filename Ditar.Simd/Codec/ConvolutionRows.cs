// The loops around the convolution's tile: groups of steps by panels of channels, in the order that reads the weight least often. What follows the sum
// in a layer (an activation) is applied to each tile as soon as it is stored, while it lies in the first-level cache.

using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>A convolution's operands as the loops see them; row 0 is the first output step.</summary>
internal unsafe struct ConvolutionOperands
{
    public int Segments, Steps, Length, Columns;
    public nint SegmentStride;
    public float* Panels, Bias;

    /// <summary>The first input step of output row 0; rows of outputs are XRowStride apart in it (stride * pitch).</summary>
    public float* X;
    public nint XRowStride;

    /// <summary>Null for none; may be Y.</summary>
    public float* Residual;
    public nint ResidualRowStride;

    public float* Y;
    public nint YRowStride;

    public static ConvolutionOperands Of(PackedConvolution weight) => new()
    {
        Segments = weight.Segments,
        Steps = weight.Steps,
        Length = weight.Length,
        Columns = weight.Columns,
        SegmentStride = weight.SegmentStride,
        Panels = weight.Panels,
        Bias = weight.Bias,
        YRowStride = weight.Columns,
    };
}

internal static unsafe class ConvolutionRows
{
    // Half of a second-level cache of 2 MB. A weight within it stays there while groups of steps pass; of a larger one each panel is read once
    // while all steps pass it.
    public const long HeldWeight = 1 << 18;

    /// <summary>Output rows row0..row0 + rows and columns column0.. (a multiple of two vectors).</summary>
    [MethodImpl(Jit.Hot)]
    public static void Run<TWidth, TVector, TFinish>(in ConvolutionOperands o, int row0, int rows, int column0, int columns, TFinish finish)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TFinish : struct, ITileFinish
    {
        var panelWidth = 2 * TWidth.Count;
        var panels = (columns + panelWidth - 1) / panelWidth;
        var groups = (rows + TWidth.TileRows - 1) / TWidth.TileRows;
        var holds = (long)o.Length * columns <= HeldWeight;
        var (group, panel) = (0, 0);
        for (var left = groups * panels; left > 0; left--)
        {
            // Groups of equal size: 8 and 8 rows, not 12 and 4.
            var from = row0 + (int)((long)rows * group / groups);
            var count = row0 + (int)((long)rows * (group + 1) / groups) - from;
            var column = column0 + (panel * panelWidth);
            var two = columns - (panel * panelWidth) > TWidth.Count;
            if (two)
                Tile<TWidth, TVector, Two>(in o, from, count, column);
            else
                Tile<TWidth, TVector, One>(in o, from, count, column);
            finish.Apply<TWidth, TVector>(o.Y + (from * o.YRowStride) + column, o.YRowStride, from, count, column, two ? 2 : 1);
            if (holds)
                (group, panel) = panel + 1 < panels ? (group, panel + 1) : (group + 1, 0);
            else
                (group, panel) = group + 1 < groups ? (group + 1, panel) : (0, panel + 1);
        }
    }

    [MethodImpl(Jit.Hot)]
    private static void Tile<TWidth, TVector, TVectors>(in ConvolutionOperands o, int row, int rows, int column)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TVectors : ICount
    {
        switch (rows)
        {
            case 1:
                Tile<TWidth, TVector, One, TVectors>(in o, row, column);
                break;
            case 2:
                Tile<TWidth, TVector, Two, TVectors>(in o, row, column);
                break;
            case 3:
                Tile<TWidth, TVector, Three, TVectors>(in o, row, column);
                break;
            case 4:
                Tile<TWidth, TVector, Four, TVectors>(in o, row, column);
                break;
            case 5:
                Tile<TWidth, TVector, Five, TVectors>(in o, row, column);
                break;
            case 6:
                Tile<TWidth, TVector, Six, TVectors>(in o, row, column);
                break;
            case 7:
                Tile<TWidth, TVector, Seven, TVectors>(in o, row, column);
                break;
            case 8:
                Tile<TWidth, TVector, Eight, TVectors>(in o, row, column);
                break;
            case 9:
                Tile<TWidth, TVector, Nine, TVectors>(in o, row, column);
                break;
            case 10:
                Tile<TWidth, TVector, Ten, TVectors>(in o, row, column);
                break;
            case 11:
                Tile<TWidth, TVector, Eleven, TVectors>(in o, row, column);
                break;
            case 12:
                Tile<TWidth, TVector, Twelve, TVectors>(in o, row, column);
                break;
            default:
                throw new UnreachableException($"A tile has 1 to 12 rows, not {rows}.");
        }
    }

    [MethodImpl(Jit.Inline)]
    private static void Tile<TWidth, TVector, TRows, TVectors>(in ConvolutionOperands o, int row, int column)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
        where TRows : ICount
        where TVectors : ICount => ConvolutionTile.Run<TWidth, TVector, TRows, TVectors>(
            o.Segments, o.SegmentStride, o.Steps, o.X + (row * o.XRowStride), o.XRowStride, o.Panels + ((nint)column * o.Length), o.Bias + column,
            o.Residual == null ? null : o.Residual + (row * o.ResidualRowStride) + column, o.ResidualRowStride,
            o.Y + (row * o.YRowStride) + column, o.YRowStride);
}
