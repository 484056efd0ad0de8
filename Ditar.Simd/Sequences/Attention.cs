// Scaled dot-product attention, one head of one batch item at a time: everything of it (9 to 80 positions x 64) stays in the first two
// cache levels. The three products run on the matrix tile kernel: q k^T on a packed transpose of k; probabilities * v on v as it lies.
// Scores have rows padded to whole panels, so that tiles need no edge; padded columns never become visible.

using System.Runtime.CompilerServices;
using Ditar.Reference.Kernels;

namespace Ditar.Simd;

internal readonly unsafe struct AttentionWork(
    AttentionShape shape, float* q, float* k, float* v, float* mask, float* y, float* probabilities) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var s = shape;
        var group = s.Heads / s.KeyHeads;
        var head = new AttentionHead<TWidth, TVector>(in s, Scratch.OfThread);
        var end = probabilities + ((nint)s.Batch * s.Heads * s.Queries * s.Keys);
        for (var b = 0; b < s.Batch; b++)
        {
            for (var keyHead = 0; keyHead < s.KeyHeads; keyHead++)
            {
                var keys = head.KeyRows(b, keyHead);
                head.PackTransposed(k + keys);
                for (var h = keyHead * group; h < (keyHead + 1) * group; h++)
                {
                    var queries = head.QueryRows(b, h);
                    head.TimesPacked(q + queries, head.Scores);
                    var row = head.Scores;
                    var saved = probabilities + ((((nint)b * s.Heads) + h) * s.Queries * s.Keys);
                    for (var i = 0; i < s.Queries; i++, row += head.ScoreStride, saved += s.Keys)
                    {
                        var visible = s.Causal ? Math.Clamp(i + s.Keys - s.Queries + 1, 0, s.Keys) : s.Keys;
                        var added = mask == null ? null : mask + ((nint)i * s.Keys);
                        AttentionRows.Softmax<TWidth, TVector>(row, (float)s.Scale, added, visible, s.Keys, saved, end);
                    }

                    // y = probabilities v
                    head.Multiply(
                        s.Queries, s.Keys, probabilities + ((((nint)b * s.Heads) + h) * s.Queries * s.Keys), s.Keys, 1,
                        v + keys, head.KeyStride, y + queries, head.QueryStride, accumulate: false);
                }
            }
        }
    }
}

internal readonly unsafe struct AttentionGradientWork(
    AttentionShape shape, float* q, float* k, float* v, float* probabilities, float* dy, float* dq, float* dk, float* dv) : IVectorWork
{
    [MethodImpl(Jit.Hot)]
    public void Run<TWidth, TVector>()
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var s = shape;
        var group = s.Heads / s.KeyHeads;
        var head = new AttentionHead<TWidth, TVector>(in s, Scratch.OfThread);
        var end = probabilities + ((nint)s.Batch * s.Heads * s.Queries * s.Keys);
        for (var b = 0; b < s.Batch; b++)
        {
            for (var keyHead = 0; keyHead < s.KeyHeads; keyHead++)
            {
                var keys = head.KeyRows(b, keyHead);
                head.PackTransposed(v + keys);
                for (var h = keyHead * group; h < (keyHead + 1) * group; h++)
                {
                    var queries = head.QueryRows(b, h);
                    var p = probabilities + ((((nint)b * s.Heads) + h) * s.Queries * s.Keys);
                    var later = h > keyHead * group; // heads that share keys add to the same dk and dv

                    // dv += p^T dy
                    head.Multiply(s.Keys, s.Queries, p, 1, s.Keys, dy + queries, head.QueryStride, dv + keys, head.KeyStride, later);

                    // ds = scale p (dp - sum(p dp)) with dp = dy v^T; where p is 0 (behind the causal border) ds is.
                    head.TimesPacked(dy + queries, head.Scores);
                    var ds = head.Scores;
                    for (var i = 0; i < s.Queries; i++, ds += head.ScoreStride, p += s.Keys)
                        AttentionRows.SoftmaxGradient<TWidth, TVector>(p, end, s.Keys, (float)s.Scale, ds);

                    // dq = ds k, dk += ds^T q
                    head.Multiply(
                        s.Queries, s.Keys, head.Scores, head.ScoreStride, 1, k + keys, head.KeyStride, dq + queries, head.QueryStride, accumulate: false);
                    head.Multiply(s.Keys, s.Queries, head.Scores, 1, head.ScoreStride, q + queries, head.QueryStride, dk + keys, head.KeyStride, later);
                }
            }
        }
    }
}

/// <summary>Where the rows of a head are, and the products of one head.</summary>
internal readonly unsafe ref struct AttentionHead<TWidth, TVector>
    where TWidth : IWidth<TVector>
    where TVector : unmanaged
{
    private readonly AttentionShape _shape;
    private readonly float* _packed;

    public AttentionHead(in AttentionShape shape, Scratch scratch)
    {
        _shape = shape;
        var panelWidth = 2 * TWidth.Count;
        ScoreStride = (shape.Keys + panelWidth - 1) / panelWidth * panelWidth;
        QueryStride = (nint)shape.Heads * shape.HeadDim;
        KeyStride = (nint)shape.KeyHeads * shape.HeadDim;
        Scores = scratch.Scores((nuint)shape.Queries * (nuint)ScoreStride);
        _packed = scratch.Keys((nuint)(ScoreStride / panelWidth * GemmPack.Panel<TWidth, TVector>(shape.HeadDim).Stride));
    }

    /// <summary>[queries, ScoreStride].</summary>
    public float* Scores { get; }

    public nint ScoreStride { get; }

    public nint QueryStride { get; }

    public nint KeyStride { get; }

    public nint QueryRows(int batch, int head) => (batch * (nint)_shape.Queries * QueryStride) + ((nint)head * _shape.HeadDim);

    public nint KeyRows(int batch, int keyHead) => (batch * (nint)_shape.Keys * KeyStride) + ((nint)keyHead * _shape.HeadDim);

    /// <summary>Lays out the transpose of keys or values [keys, headDim] for <see cref="TimesPacked"/>.</summary>
    public void PackTransposed(float* rows) =>
        GemmPack.Strips<TWidth, TVector>(rows, KeyStride, 1, _shape.Keys, _shape.HeadDim, GemmPack.Panel<TWidth, TVector>(_shape.HeadDim), _packed);

    /// <summary>scores [queries, ScoreStride] = rows [queries, headDim] times what was packed; padded columns are 0.</summary>
    public void TimesPacked(float* rows, float* scores)
    {
        var product = new GemmOperands
        {
            M = _shape.Queries,
            N = _shape.Keys <= TWidth.Count ? TWidth.Count : (int)ScoreStride,
            K = _shape.HeadDim,
            A = rows,
            ARowStride = QueryStride,
            AColumnStride = 1,
            B = _packed,
            BRowStride = 2 * TWidth.Count,
            C = scores,
            CRowStride = ScoreStride,
        };
        GemmBlocks.Tiles<TWidth, TVector>(in product, TWidth.TileRows * QueryStride, GemmPack.Panel<TWidth, TVector>(_shape.HeadDim).Stride);
    }

    /// <summary>c [m, headDim] = (accumulate ? c : 0) + a [m, k] b [k, headDim].</summary>
    public void Multiply(int m, int k, float* a, nint aRowStride, nint aColumnStride, float* b, nint bRowStride, float* c, nint cRowStride, bool accumulate)
    {
        var product = new GemmOperands
        {
            M = m,
            N = _shape.HeadDim,
            K = k,
            A = a,
            ARowStride = aRowStride,
            AColumnStride = aColumnStride,
            B = b,
            BRowStride = bRowStride,
            BColumnStride = 1,
            C = c,
            CRowStride = cRowStride,
            Accumulate = accumulate,
        };
        if (_shape.HeadDim % TWidth.Count == 0)
            GemmBlocks.Tiles<TWidth, TVector>(in product, TWidth.TileRows * aRowStride, 2 * TWidth.Count);
        else
            GemmBlocks.Multiply<TWidth, TVector>(in product);
    }
}
