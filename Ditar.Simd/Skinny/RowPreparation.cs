// Makes PreparedRows: statistics of each row (the norm's factor, the largest magnitude), then piece by piece of the inputs norm and rounding
// to 8 bits in a small work area, and from there, or straight from x, the exchange of rows and columns. Threads share the inputs; each computes
// the statistics of all rows itself, which costs less than waiting for one another.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal readonly unsafe struct RowPreparation(PreparedRows to, float* x, nint xRowStride, float* gain, float epsilon, int parts) : IParallelWork
{
    // Parts begin on multiples of the longest group. A piece of 14 rows x 256 values fits the first-level cache beside what it becomes.
    private const int Grain = 64, Piece = 256, MostRows = 14;

    // Below this many values the whole takes about as long as waking a thread.
    private const int LeastValuesPerThread = 1 << 14;

    public static void Run(in PreparedRows to, float* x, nint xRowStride, float* gain, float epsilon, WorkerPool? pool)
    {
        var parts = (int)Math.Clamp((long)to.Rows * to.Inputs / LeastValuesPerThread, 1, pool?.Size ?? 1);
        var work = new RowPreparation(to, x, xRowStride, gain, epsilon, parts);
        if (parts == 1)
            work.Invoke(0);
        else
            pool!.Run(parts, work);
    }

    public void Invoke(int part) => Vectors.Run(new Part(this, part));

    private void Run<TWidth, TVector>(int part)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var grains = ((long)to.Inputs + Grain - 1) / Grain;
        var from = (int)(grains * part / parts * Grain);
        var end = (int)Math.Min(grains * (part + 1) / parts * Grain, to.Inputs);
        var blocks = RowBlocks.Count(to.Rows, to.Format);
        for (var block = 0; block < blocks; block++)
        {
            var row = RowBlocks.Start(to.Rows, blocks, block);
            var rows = RowBlocks.Start(to.Rows, blocks, block + 1) - row;
            if (PanelShape.IsInteger(to.Format))
                Integers<TWidth, TVector>(row, rows, from, end, part == 0);
            else
                Floats<TWidth, TVector>(row, rows, from, end);
        }
    }

    [MethodImpl(Jit.Hot)]
    [SkipLocalsInit]
    private void Floats<TWidth, TVector>(int row, int rows, int from, int end)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var target = (float*)to.Memory + ((nint)row * to.Inputs);
        var source = x + (row * xRowStride);
        if (gain == null)
        {
            Interleave.Words((uint*)source + from, xRowStride, rows, end - from, (uint*)target + ((nint)from * rows));
            return;
        }

        var factors = stackalloc float[MostRows];
        var piece = stackalloc float[MostRows * Piece];
        for (var r = 0; r < rows; r++)
            factors[r] = Factor<TWidth, TVector>(source + (r * xRowStride));
        for (var i = from; i < end; i += Piece)
        {
            var count = Math.Min(Piece, end - i);
            for (var r = 0; r < rows; r++)
                Normalize<TWidth, TVector>(source + (r * xRowStride) + i, gain + i, factors[r], count, piece + (r * Piece));
            Interleave.Words((uint*)piece, Piece, rows, count, (uint*)target + ((nint)i * rows));
        }
    }

    [MethodImpl(Jit.Hot)]
    [SkipLocalsInit]
    private void Integers<TWidth, TVector>(int row, int rows, int from, int end, bool writesScales)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        const int WordsOfPiece = Piece / PanelShape.InputsPerWord;
        var source = x + (row * xRowStride);
        var factors = stackalloc float[MostRows];
        var inverses = stackalloc float[MostRows];
        var piece = stackalloc float[Piece];
        var words = stackalloc uint[MostRows * WordsOfPiece];
        for (var r = 0; r < rows; r++)
        {
            factors[r] = gain == null ? 1 : Factor<TWidth, TVector>(source + (r * xRowStride));
            var scale = Scale<TWidth, TVector>(source + (r * xRowStride), factors[r]);
            inverses[r] = scale > 0 ? 1 / scale : 0;
            if (writesScales)
                to.Scales[row + r] = scale;
        }

        var (perStep, wordsPerRow) = (IntegerForms.WordsPerStep, PreparedRows.WordsPerRow(to.Inputs, to.Format, to.Group));
        var target = (uint*)to.Words + ((nint)row * wordsPerRow * perStep);
        var starts = to.Starts + ((nint)row * PreparedRows.Groups(to.Inputs, to.Format, to.Group));
        var flip = (byte)(to.Format == WeightFormat.Int8 && IntegerForms.Unsigned ? 0x80 : 0);
        for (var i = from; i < end; i += Piece)
        {
            var count = Math.Min(Piece, end - i);
            for (var r = 0; r < rows; r++)
            {
                Round<TWidth, TVector>(source + (r * xRowStride) + i, gain == null ? null : gain + i, factors[r], inverses[r], count, piece);
                Narrow(piece, (byte*)(words + (r * WordsOfPiece)), flip);
                for (var g = 0; to.Format == WeightFormat.Int4 && g * to.Group < count; g++)
                    starts[((((nint)i / to.Group) + g) * rows) + r] = -Int4Panel.Offset * Sum((sbyte*)(words + (r * WordsOfPiece)) + (g * to.Group), to.Group);
            }

            var first = i / PanelShape.InputsPerWord;
            var wordCount = Math.Min(WordsOfPiece, wordsPerRow - first);
            if (i + count < to.Inputs)
                wordCount = Math.Min(wordCount, count / PanelShape.InputsPerWord);
            if (perStep == 1)
                Interleave.Words(words, WordsOfPiece, rows, wordCount, target + ((nint)first * rows));
            else
                Interleave.WidenedWords(words, WordsOfPiece, rows, wordCount, target + ((nint)first * rows * 2));
        }
    }

    /// <summary>1 / sqrt(mean(x^2) + epsilon) of a row.</summary>
    [MethodImpl(Jit.Hot)]
    private float Factor<TWidth, TVector>(float* row)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector even = TWidth.Zero, odd = even;
        var (n, w) = (to.Inputs, TWidth.Count);
        var i = 0;
        for (; i <= n - (2 * w); i += 2 * w)
        {
            var (first, second) = (TWidth.Load(row + i), TWidth.Load(row + i + w));
            even = TWidth.MultiplyAdd(first, first, even);
            odd = TWidth.MultiplyAdd(second, second, odd);
        }

        for (; i < n; i += w)
        {
            var last = Partial.Load<TWidth, TVector>(row + i, Math.Min(w, n - i));
            even = TWidth.MultiplyAdd(last, last, even);
        }

        return 1 / MathF.Sqrt((TWidth.Sum(TWidth.Add(even, odd)) / n) + epsilon);
    }

    /// <summary>Largest magnitude of a row (after the norm) / 127. NaN where a value is not finite: 0 * value shows it, maxima may not.</summary>
    [MethodImpl(Jit.Hot)]
    private float Scale<TWidth, TVector>(float* row, float factor)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        TVector most = TWidth.Zero, poison = most, zero = most;
        var factors = TWidth.Broadcast(factor);
        var (n, w) = (to.Inputs, TWidth.Count);
        for (var i = 0; i < n; i += w)
        {
            var value = Value<TWidth, TVector>(row + i, gain == null ? null : gain + i, factors, n - i);
            most = TWidth.Max(most, TWidth.Abs(value));
            poison = TWidth.MultiplyAdd(value, zero, poison);
        }

        return (TWidth.MaxLane(most) / 127) + TWidth.Sum(poison);
    }

    [MethodImpl(Jit.Hot)]
    private static void Normalize<TWidth, TVector>(float* row, float* gain, float factor, int count, float* y)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var factors = TWidth.Broadcast(factor);
        for (var i = 0; i < count; i += TWidth.Count)
            TWidth.Store(Value<TWidth, TVector>(row + i, gain + i, factors, count - i), y + i);
    }

    /// <summary>The values divided by their scale and rounded, ties to even: each ends in the lowest byte of its float, since adding 1.5 * 2^23 leaves
    /// no room for a fraction. Product and sum are rounded separately, so that a fused form elsewhere gives the same integers. Zeros behind.</summary>
    [MethodImpl(Jit.Hot)]
    private static void Round<TWidth, TVector>(float* row, float* gain, float factor, float inverse, int count, float* piece)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var (factors, inverses, shifter) = (TWidth.Broadcast(factor), TWidth.Broadcast(inverse), TWidth.Broadcast(12582912f));
        var i = 0;
        for (; i < count; i += TWidth.Count)
        {
            var value = Value<TWidth, TVector>(row + i, gain == null ? null : gain + i, factors, count - i);
            TWidth.Store(TWidth.Add(TWidth.Multiply(value, inverses), shifter), piece + i);
        }

        for (; i < Piece; i += TWidth.Count)
            TWidth.Store(TWidth.Zero, piece + i);
    }

    [MethodImpl(Jit.Inline)]
    private static TVector Value<TWidth, TVector>(float* row, float* gain, TVector factor, int count)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        if (count >= TWidth.Count)
            return gain == null ? TWidth.Load(row) : TWidth.Multiply(TWidth.Multiply(TWidth.Load(row), factor), TWidth.Load(gain));
        var value = Partial.Load<TWidth, TVector>(row, count);
        return gain == null ? value : TWidth.Multiply(TWidth.Multiply(value, factor), Partial.Load<TWidth, TVector>(gain, count));
    }

    private static void Narrow(float* piece, byte* bytes, byte flip)
    {
        var mask = Vector128.Create(flip);
        for (var i = 0; i < Piece; i += 16)
        {
            var from = (uint*)piece + i;
            var low = Vector128.Narrow(Vector128.Load(from), Vector128.Load(from + 4));
            var high = Vector128.Narrow(Vector128.Load(from + 8), Vector128.Load(from + 12));
            Vector128.Store(Vector128.Narrow(low, high) ^ mask, bytes + i);
        }
    }

    /// <summary>Sum of 32 or 64 signed bytes; at most 64 * 128, which fits 16 bits.</summary>
    private static int Sum(sbyte* values, int count)
    {
        var sum = Vector128<short>.Zero;
        for (var i = 0; i < count; i += 16)
        {
            var (lower, upper) = Vector128.Widen(Vector128.Load(values + i));
            sum += lower + upper;
        }

        return Vector128.Sum(sum);
    }

    private readonly struct Part(RowPreparation preparation, int part) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged => preparation.Run<TWidth, TVector>(part);
    }
}
