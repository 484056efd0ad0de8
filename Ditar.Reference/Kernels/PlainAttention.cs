// Scaled dot-product attention and its gradient, one query row at a time: scores, softmax, weighted sum of values.

using System.Numerics;
using System.Numerics.Tensors;

namespace Ditar.Reference.Kernels;

public partial class PlainKernels
{
    public virtual void Attention<T>(in AttentionShape s, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> mask, Span<T> y, Span<T> probabilities)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scale = T.CreateTruncating(s.Scale);
        y.Clear();
        for (var b = 0; b < s.Batch; b++)
        {
            for (var h = 0; h < s.Heads; h++)
            {
                var kh = h / (s.Heads / s.KeyHeads);
                for (var i = 0; i < s.Queries; i++)
                {
                    var query = q.Slice((((b * s.Queries) + i) * s.Heads + h) * s.HeadDim, s.HeadDim);
                    var output = y.Slice((((b * s.Queries) + i) * s.Heads + h) * s.HeadDim, s.HeadDim);
                    var row = probabilities.Slice((((b * s.Heads) + h) * s.Queries + i) * s.Keys, s.Keys);
                    for (var j = 0; j < s.Keys; j++)
                    {
                        var visible = !s.Causal || j <= i + s.Keys - s.Queries;
                        var score = scale * TensorPrimitives.Dot(query, k.Slice((((b * s.Keys) + j) * s.KeyHeads + kh) * s.HeadDim, s.HeadDim));
                        row[j] = !visible ? T.NegativeInfinity : mask.IsEmpty ? score : score + mask[(i * s.Keys) + j];
                    }

                    SoftmaxRow(row, row);
                    for (var j = 0; j < s.Keys; j++)
                        TensorPrimitives.MultiplyAdd(v.Slice((((b * s.Keys) + j) * s.KeyHeads + kh) * s.HeadDim, s.HeadDim), row[j], output, output);
                }
            }
        }
    }

    public virtual void AttentionGradient<T>(
        in AttentionShape s, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> probabilities, ReadOnlySpan<T> dy,
        Span<T> dq, Span<T> dk, Span<T> dv) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scale = T.CreateTruncating(s.Scale);
        dq.Clear();
        dk.Clear();
        dv.Clear();
        var dp = new T[s.Keys];
        for (var b = 0; b < s.Batch; b++)
        {
            for (var h = 0; h < s.Heads; h++)
            {
                var kh = h / (s.Heads / s.KeyHeads);
                for (var i = 0; i < s.Queries; i++)
                {
                    var at = (((b * s.Queries) + i) * s.Heads + h) * s.HeadDim;
                    var output = dy.Slice(at, s.HeadDim);
                    var row = probabilities.Slice((((b * s.Heads) + h) * s.Queries + i) * s.Keys, s.Keys);
                    for (var j = 0; j < s.Keys; j++)
                    {
                        var key = (((b * s.Keys) + j) * s.KeyHeads + kh) * s.HeadDim;
                        dp[j] = TensorPrimitives.Dot(output, v.Slice(key, s.HeadDim));
                        TensorPrimitives.MultiplyAdd(output, row[j], dv.Slice(key, s.HeadDim), dv.Slice(key, s.HeadDim));
                    }

                    SoftmaxGradientRow<T>(row, dp, dp);                           // dp becomes the gradient of the scores
                    for (var j = 0; j < s.Keys; j++)
                    {
                        var key = (((b * s.Keys) + j) * s.KeyHeads + kh) * s.HeadDim;
                        TensorPrimitives.MultiplyAdd(k.Slice(key, s.HeadDim), scale * dp[j], dq.Slice(at, s.HeadDim), dq.Slice(at, s.HeadDim));
                        TensorPrimitives.MultiplyAdd(q.Slice(at, s.HeadDim), scale * dp[j], dk.Slice(key, s.HeadDim), dk.Slice(key, s.HeadDim));
                    }
                }
            }
        }
    }
}
