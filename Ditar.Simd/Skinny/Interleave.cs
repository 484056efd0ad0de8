// Exchanges rows and columns of 32-bit words, [rows, columns] to [columns, rows], four by four in registers: two rounds of zips.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal static unsafe class Interleave
{
    /// <param name="from">[rows, columns] with the row stride that follows.</param>
    /// <param name="rowStride">Words between rows.</param>
    /// <param name="rows">How many.</param>
    /// <param name="columns">How many.</param>
    /// <param name="to">[columns, rows].</param>
    [MethodImpl(Jit.Hot)]
    public static void Words(uint* from, nint rowStride, int rows, int columns, uint* to)
    {
        if (rows == 1)
        {
            Unsafe.CopyBlockUnaligned(to, from, (uint)columns * sizeof(uint));
            return;
        }

        var column = 0;
        for (; rows >= 4 && column <= columns - 4; column += 4, from += 4, to += 4 * rows)
        {
            for (var row = 0; row < rows; row += 4)
            {
                // The last four rows may overlap those before: what is written twice is the same.
                var r = Math.Min(row, rows - 4);
                var source = from + (r * rowStride);
                Square(source, rowStride, to + r, rows);
            }
        }

        for (; column < columns; column++, from++, to += rows)
        {
            for (var row = 0; row < rows; row++)
                to[row] = from[row * rowStride];
        }
    }

    /// <summary>The same for words of four signed bytes, which become two words of 16-bit values: bytes 0 and 2, then bytes 1 and 3.</summary>
    [MethodImpl(Jit.Hot)]
    public static void WidenedWords(uint* from, nint rowStride, int rows, int columns, uint* to)
    {
        for (var column = 0; column < columns; column++, from++)
        {
            for (var row = 0; row < rows; row++, to += 2)
            {
                var word = from[row * rowStride];
                to[0] = Pair(word, word >> 16);
                to[1] = Pair(word >> 8, word >> 24);
            }
        }
    }

    [MethodImpl(Jit.Inline)]
    private static uint Pair(uint low, uint high)
    {
        var (lower, upper) = ((ushort)(sbyte)low, (ushort)(sbyte)high);
        return lower | ((uint)upper << 16);
    }

    [MethodImpl(Jit.Inline)]
    private static void Square(uint* from, nint fromStride, uint* to, nint toStride)
    {
        var (a, b) = (Vector128.Load(from), Vector128.Load(from + fromStride));
        var (c, d) = (Vector128.Load(from + (2 * fromStride)), Vector128.Load(from + (3 * fromStride)));
        var (ab, cd) = (ZipLower(a, b).AsUInt64(), ZipLower(c, d).AsUInt64()); // a0 b0 a1 b1, c0 d0 c1 d1
        Vector128.Store(ZipLower(ab, cd).AsUInt32(), to);
        Vector128.Store(ZipUpper(ab, cd).AsUInt32(), to + toStride);
        (ab, cd) = (ZipUpper(a, b).AsUInt64(), ZipUpper(c, d).AsUInt64()); // a2 b2 a3 b3, c2 d2 c3 d3
        Vector128.Store(ZipLower(ab, cd).AsUInt32(), to + (2 * toStride));
        Vector128.Store(ZipUpper(ab, cd).AsUInt32(), to + (3 * toStride));
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<uint> ZipLower(Vector128<uint> left, Vector128<uint> right) => Sse2.IsSupported ? Sse2.UnpackLow(left, right)
        : Pick(Vector128.Shuffle(left, Vector128.Create(0u, 0, 1, 1)), Vector128.Shuffle(right, Vector128.Create(0u, 0, 1, 1)));

    [MethodImpl(Jit.Inline)]
    private static Vector128<uint> ZipUpper(Vector128<uint> left, Vector128<uint> right) => Sse2.IsSupported ? Sse2.UnpackHigh(left, right)
        : Pick(Vector128.Shuffle(left, Vector128.Create(2u, 2, 3, 3)), Vector128.Shuffle(right, Vector128.Create(2u, 2, 3, 3)));

    [MethodImpl(Jit.Inline)]
    private static Vector128<uint> Pick(Vector128<uint> even, Vector128<uint> odd) =>
        Vector128.ConditionalSelect(Vector128.Create(uint.MaxValue, 0, uint.MaxValue, 0), even, odd);

    [MethodImpl(Jit.Inline)]
    private static Vector128<ulong> ZipLower(Vector128<ulong> left, Vector128<ulong> right) => Sse2.IsSupported ? Sse2.UnpackLow(left, right)
        : Vector128.Create(left[0], right[0]);

    [MethodImpl(Jit.Inline)]
    private static Vector128<ulong> ZipUpper(Vector128<ulong> left, Vector128<ulong> right) => Sse2.IsSupported ? Sse2.UnpackHigh(left, right)
        : Vector128.Create(left[1], right[1]);
}
