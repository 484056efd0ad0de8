// How rows are shared out among tiles: as few blocks as possible, as equal as possible (18 = 9 + 9, 22 = 11 + 11). A tile of 2 rows after one of
// 14 would leave most of its multiply-adds waiting for one another.

using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal static class RowBlocks
{
    /// <summary>Most rows of a block for weights of this format in this process.</summary>
    public static int Most(WeightFormat format) => PanelShape.IsInteger(format) ? IntegerForms.MostRows
        : Vector512.IsHardwareAccelerated ? Width512.SkinnyRows
        : Vector256.IsHardwareAccelerated ? Width256.SkinnyRows
        : Width128.SkinnyRows;

    public static int Count(int rows, WeightFormat format) => (rows + Most(format) - 1) / Most(format);

    /// <summary>First row of a block; of the block beyond the last, the number of rows.</summary>
    public static int Start(int rows, int blocks, int block) => (int)((long)rows * block / blocks);
}
