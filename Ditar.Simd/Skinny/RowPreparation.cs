// Makes PreparedRows: statistics of each row (the norm's factor, the scale of its integers), then piece by piece of the inputs norm and rounding to
// 8 bits in a small work area, and from there, or straight from x, the exchange of rows and columns. Many rows are shared out among threads by blocks of
// rows. Few are by inputs: before they are rounded each thread looks for the largest magnitude among its own inputs, which are as a rule the ones that
// it wrote before; the norm's sum is short and every thread computes it whole, since its bits must not depend on how many there are.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly unsafe struct RowPreparation : IParallelWork
{
    // Parts begin on multiples of the longest group. A piece of 14 rows x 256 values fits the first-level cache beside what it becomes.
    private const int Grain = 64, Piece = 256, MostRows = 14;

    // Below this many values the whole takes about as long as waking a thread.
    private const int LeastValuesPerThread = 1 << 13;

    // So many blocks for each thread are shared out evenly enough.
    private const int BlocksPerThread = 4;

    // Of the scales of parts, [parts, rows], in the caller's frame.
    private const int MostPartScales = 4096;

    private readonly PreparedRows _to;
    private readonly float* _x, _gain, _partScales;
    private readonly nint _xRowStride;
    private readonly float _epsilon;
    private readonly int _parts;
    private readonly bool _byRows;

    private RowPreparation(in PreparedRows to, float* x, nint xRowStride, float* gain, float epsilon, int parts, bool byRows, float* partScales)
    {
        (_to, _xRowStride, _epsilon, _parts, _byRows) = (to, xRowStride, epsilon, parts, byRows);
        _x = x;
        _gain = gain;
        _partScales = partScales;
    }

    [SkipLocalsInit]
    public static void Run(in PreparedRows to, float* x, nint xRowStride, float* gain, float epsilon, WorkerPool? pool)
    {
        var parts = (int)Math.Clamp((long)to.Rows * to.Inputs / LeastValuesPerThread, 1, pool?.Size ?? 1);
        var byRows = RowBlocks.Count(to.Rows, to.Format) >= BlocksPerThread * parts;
        var shared = parts > 1 && !byRows && gain == null && PanelShape.IsInteger(to.Format) && (long)parts * to.Rows <= MostPartScales;
        var partScales = stackalloc float[shared ? parts * to.Rows : 1];
        var work = new RowPreparation(in to, x, xRowStride, gain, epsilon, parts, byRows, shared ? partScales : null);
        if (shared)
            pool!.Run(parts, new Scales(work));
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
        var (from, end) = _byRows ? (0, _to.Inputs) : Inputs(part);
        var blocks = RowBlocks.Count(_to.Rows, _to.Format);
        var (block, lastBlock) = _byRows ? ((int)((long)blocks * part / _parts), (int)((long)blocks * (part + 1) / _parts)) : (0, blocks);
        for (; block < lastBlock; block++)
        {
            var row = RowBlocks.Start(_to.Rows, blocks, block);
            var rows = RowBlocks.Start(_to.Rows, blocks, block + 1) - row;
            if (PanelShape.IsInteger(_to.Format))
                Integers<TWidth, TVector>(row, rows, from, end, _byRows || part == 0);
            else
                Floats<TWidth, TVector>(row, rows, from, end);
        }
    }

    private (int From, int End) Inputs(int part)
    {
        var grains = ((long)_to.Inputs + Grain - 1) / Grain;
        return ((int)(grains * part / _parts * Grain), (int)Math.Min(grains * (part + 1) / _parts * Grain, _to.Inputs));
    }

    [MethodImpl(Jit.Hot)]
    [SkipLocalsInit]
    private void Floats<TWidth, TVector>(int row, int rows, int from, int end)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var target = (float*)_to.Memory + ((nint)row * _to.Inputs);
        var source = _x + (row * _xRowStride);
        if (_gain == null)
        {
            Interleave.Words((uint*)source + from, _xRowStride, rows, end - from, (uint*)target + ((nint)from * rows));
            return;
        }

        var factors = stackalloc float[MostRows];
        var piece = stackalloc float[MostRows * Piece];
        for (var r = 0; r < rows; r++)
            factors[r] = RowStatistics.NormFactor<TWidth, TVector>(source + (r * _xRowStride), _to.Inputs, _epsilon);
        for (var i = from; i < end; i += Piece)
        {
            var count = Math.Min(Piece, end - i);
            for (var r = 0; r < rows; r++)
                RowPieces.Normalize<TWidth, TVector>(source + (r * _xRowStride) + i, _gain + i, factors[r], count, piece + (r * Piece));
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
        var source = _x + (row * _xRowStride);
        var factors = stackalloc float[MostRows];
        var inverses = stackalloc float[MostRows];
        var words = stackalloc uint[MostRows * WordsOfPiece];
        for (var r = 0; r < rows; r++)
        {
            var x = source + (r * _xRowStride);
            factors[r] = _gain == null ? 1 : RowStatistics.NormFactor<TWidth, TVector>(x, _to.Inputs, _epsilon);
            var scale = _partScales != null ? TogetherOf(row + r)
                : _gain == null ? RowStatistics.Scale<TWidth, TVector>(x, _to.Inputs)
                : RowStatistics.Scale<TWidth, TVector>(x, _gain, factors[r], _to.Inputs);
            inverses[r] = scale > 0 ? 1 / scale : 0;
            if (writesScales)
                _to.Scales[row + r] = scale;
        }

        var (perStep, wordsPerRow) = (IntegerForms.WordsPerStep, PreparedRows.WordsPerRow(_to.Inputs, _to.Format, _to.Group));
        var target = (uint*)_to.Words + ((nint)row * wordsPerRow * perStep);
        var starts = _to.Starts + ((nint)row * PreparedRows.Groups(_to.Inputs, _to.Format, _to.Group));
        var flip = (byte)(_to.Format == WeightFormat.Int8 && IntegerForms.Unsigned ? 0x80 : 0);
        for (var i = from; i < end; i += Piece)
        {
            var count = Math.Min(Piece, end - i);
            for (var r = 0; r < rows; r++)
            {
                var bytes = (byte*)(words + (r * WordsOfPiece));
                RowPieces.Round<TWidth, TVector>(
                    source + (r * _xRowStride) + i, _gain == null ? null : _gain + i, factors[r], inverses[r], flip, count, Piece, bytes);
                for (var g = 0; _to.Format == WeightFormat.Int4 && g * _to.Group < count; g++)
                    starts[((((nint)i / _to.Group) + g) * rows) + r] = -Int4Panel.Offset * RowPieces.Sum((sbyte*)bytes + (g * _to.Group), _to.Group);
            }

            var first = i / PanelShape.InputsPerWord;
            var wordCount = Math.Min(WordsOfPiece, wordsPerRow - first);
            if (i + count < _to.Inputs)
                wordCount = Math.Min(wordCount, count / PanelShape.InputsPerWord);
            if (perStep == 1)
                Interleave.Words(words, WordsOfPiece, rows, wordCount, target + ((nint)first * rows));
            else
                Interleave.WidenedWords(words, WordsOfPiece, rows, wordCount, target + ((nint)first * rows * 2));
        }
    }

    private float TogetherOf(int row)
    {
        var scale = _partScales[row];
        for (var part = 1; part < _parts; part++)
            scale = MathF.Max(scale, _partScales[((nint)part * _to.Rows) + row]);
        return scale;
    }

    private readonly struct Part(RowPreparation preparation, int part) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged => preparation.Run<TWidth, TVector>(part);
    }

    /// <summary>Each part's scales of all rows, from its own inputs alone.</summary>
    private readonly struct Scales(RowPreparation preparation) : IParallelWork
    {
        private readonly RowPreparation _preparation = preparation;

        public void Invoke(int part) => Vectors.Run(new ScalesOfPart(_preparation, part));
    }

    private readonly struct ScalesOfPart(RowPreparation preparation, int part) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            var (from, end) = preparation.Inputs(part);
            var rows = preparation._to.Rows;
            for (var row = 0; row < rows; row++)
                preparation._partScales[((nint)part * rows) + row] = RowStatistics.Scale<TWidth, TVector>(preparation._x + (row * preparation._xRowStride) + from, end - from);
        }
    }
}
