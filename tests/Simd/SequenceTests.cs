// Rotation, attention and depthwise convolution against the definition in float64.

using Ditar.Reference.Kernels;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class SequenceTests
{
    public static TheoryData<AttentionShape, bool> Attentions => new()
    {
        { new AttentionShape(3, 9, 9, 2, 2, 64, false, 0.125), false },
        { new AttentionShape(2, 40, 40, 3, 3, 64, true, 0.125), false },
        { new AttentionShape(1, 77, 77, 3, 3, 64, true, 0.125), true },
        { new AttentionShape(2, 5, 12, 4, 2, 32, true, 0.2), false },
        { new AttentionShape(2, 1, 33, 4, 1, 64, true, 0.125), false },
        { new AttentionShape(2, 17, 17, 6, 2, 24, true, 0.2), true },
        { new AttentionShape(1, 13, 31, 2, 1, 7, false, 0.4), true },
        { new AttentionShape(2, 16, 16, 1, 1, 16, false, 0.25), false },
        { new AttentionShape(1, 3, 2, 1, 1, 8, true, 0.3), false },
        { new AttentionShape(1, 1, 1, 1, 1, 1, false, 1), false },
    };

    [Theory]
    [InlineData(2, 5, 3, 64)]
    [InlineData(3, 4, 1, 6)]
    [InlineData(1, 1, 1, 2)]
    [InlineData(2, 3, 2, 18)]
    [InlineData(1, 7, 2, 50)]
    [EqualityOf(nameof(IKernels.Rotate))]
    public void Rotation_equals_the_definition(int batch, int time, int heads, int headDim)
    {
        var values = new KernelCase(headDim);
        var (x, wide) = values.Values(batch * time * heads * headDim, 3);
        var angles = values.Values(time * headDim / 2, 10).Double;
        var (cosine, sine) = (Narrow(Array.ConvertAll(angles, Math.Cos)), Narrow(Array.ConvertAll(angles, Math.Sin)));
        foreach (var inverse in new[] { false, true })
        {
            var expected = new double[x.Length];
            Definition.Rotate<double>(batch, time, heads, headDim, inverse, wide, Wide(cosine), Wide(sine), expected);
            var actual = Result(x.Length, y => Fast.Rotate(batch, time, heads, headDim, inverse, Odd(x).Span, Odd(cosine).Span, Odd(sine).Span, y.Span));
            Comparer.Equal(expected, actual, i => Tolerances.Sum(2, Math.Abs(wide[i]) + Math.Abs(wide[i ^ 1])), $"inverse {inverse}");
            Assert.Equal(actual, Result(x.Length, y => Fast.Rotate<float>(batch, time, heads, headDim, inverse, y.Span, cosine, sine, y.Span), before: x));
        }
    }

    [Theory]
    [MemberData(nameof(Attentions))]
    [EqualityOf(nameof(IKernels.Attention))]
    [EqualityOf(nameof(IKernels.AttentionGradient))]
    public void Attention_equals_the_definition(AttentionShape s, bool masked)
    {
        var values = new KernelCase(s.Keys);
        var (q, wideQ) = values.Values(s.Batch * s.Queries * s.Heads * s.HeadDim, 2);
        var (k, wideK) = values.Values(s.Batch * s.Keys * s.KeyHeads * s.HeadDim, 2);
        var (v, wideV) = values.Values(k.Length);
        var (mask, wideMask) = values.Values(masked ? s.Queries * s.Keys : 0, 3);
        if (masked)
        {
            mask[0] = float.NegativeInfinity;
            wideMask = Wide(mask);
        }

        var expected = new double[q.Length];
        var wideP = new double[s.Batch * s.Heads * s.Queries * s.Keys];
        Definition.Attention<double>(in s, wideQ, wideK, wideV, wideMask, expected, wideP);
        var p = new float[wideP.Length];
        p.AsSpan().Fill(float.NaN);
        var actual = Result(q.Length, y => Fast.Attention(in s, Odd(q).Span, Odd(k).Span, Odd(v).Span, Odd(mask).Span, y.Span, p));

        // A score is a sum of headDim products of up to 2 x 2; its error becomes relative in the probability, twice (numerator and sum).
        // Scores differ by less than twice their own bound.
        var scoreSize = (4 * s.HeadDim * s.Scale) + (masked ? 3 : 0);
        double Probability(double value) => (2 * Tolerances.Sum(s.HeadDim, scoreSize) * value) + Tolerances.Softmax(s.Keys, value, 2 * scoreSize);
        Comparer.Equal(wideP, p, i => Probability(wideP[i]), $"probabilities of {s}");
        Comparer.Equal(expected, actual, _ => Probability(1) + Tolerances.Sum(s.Keys, 1), $"output of {s}"); // |v| <= 1, probabilities add up to 1

        var (dy, wideDy) = values.Values(q.Length);
        var (dq, dk, dv) = (new double[q.Length], new double[k.Length], new double[k.Length]);
        Definition.AttentionGradient<double>(in s, wideQ, wideK, wideV, Wide(p), wideDy, dq, dk, dv);
        var (fastDk, fastDv) = (new float[k.Length], new float[k.Length]);
        var fastDq = Result(
            q.Length, d => Fast.AttentionGradient(in s, Odd(q).Span, Odd(k).Span, Odd(v).Span, Odd(p).Span, Odd(dy).Span, d.Span, fastDk, fastDv));

        // |dy|, |v| <= 1: dp and its mean are sums of at most headDim, ds = scale p (dp - mean) <= 2 scale headDim p, and |q|, |k| <= 2.
        var group = s.Heads / s.KeyHeads;
        double Size(double probabilities) => 4 * s.Scale * s.HeadDim * probabilities;
        Comparer.Equal(dq, fastDq, _ => Tolerances.Sum(s.HeadDim + (2 * s.Keys), Size(1)), $"dq of {s}");
        var seen = Enumerable.Range(0, k.Length).Select(i => Seen(i, s, wideP)).ToArray();
        Comparer.Equal(dk, fastDk, i => Tolerances.Sum(s.HeadDim + s.Keys + (s.Queries * group), Size(seen[i])), $"dk of {s}");
        Comparer.Equal(dv, fastDv, i => Tolerances.Sum(s.Queries * group, seen[i]), $"dv of {s}");
    }

    [Theory]
    [InlineData(2, 20, 192, 7, 1, 1)]
    [InlineData(1, 9, 5, 7, 1, 1)]
    [InlineData(3, 30, 64, 3, 1, 3)]
    [InlineData(2, 31, 17, 4, 2, 1)]
    [InlineData(2, 31, 130, 3, 3, 2)]
    [InlineData(1, 7, 16, 7, 1, 1)]
    [InlineData(2, 12, 33, 1, 1, 1)]
    [EqualityOf(nameof(IKernels.Depthwise))]
    [EqualityOf(nameof(IKernels.DepthwiseGradient))]
    public void Depthwise_convolution_equals_the_definition(int batch, int time, int channels, int kernel, int stride, int dilation)
    {
        var shape = new DepthwiseShape(batch, time, channels, kernel, stride, dilation);
        var values = new KernelCase(channels);
        var (x, wide) = values.Values(batch * time * channels);
        var (w, wideW) = values.Values(kernel * channels);
        var length = batch * shape.Outputs * channels;
        var (expected, magnitudes) = (new double[length], new double[length]);
        Definition.Depthwise<double>(in shape, wide, wideW, expected);
        Definition.Depthwise<double>(in shape, Magnitudes(wide), Magnitudes(wideW), magnitudes);
        var actual = Result(length, y => Fast.Depthwise(in shape, Odd(x).Span, Odd(w).Span, y.Span));
        Comparer.Equal(expected, actual, i => Tolerances.Sum(kernel, magnitudes[i]), $"{shape}");

        var (dy, wideDy) = values.Values(length);
        var (before, dw) = values.Values(w.Length);
        var dx = new double[x.Length];
        var (dxMagnitudes, dwMagnitudes) = (new double[x.Length], Magnitudes(dw));
        Definition.DepthwiseGradient<double>(in shape, wide, wideW, wideDy, dx, dw);
        Definition.DepthwiseGradient<double>(in shape, Magnitudes(wide), Magnitudes(wideW), Magnitudes(wideDy), dxMagnitudes, dwMagnitudes);
        var weights = (float[])before.Clone();
        var gradient = Result(x.Length, d => Fast.DepthwiseGradient(in shape, Odd(x).Span, Odd(w).Span, Odd(dy).Span, d.Span, weights));
        Comparer.Equal(dx, gradient, i => Tolerances.Sum(kernel, dxMagnitudes[i]), $"dx of {shape}");
        Comparer.Equal(dw, weights, i => Tolerances.Sum(batch * shape.Outputs, dwMagnitudes[i]), $"dw of {shape}");
    }

    // The probabilities with which the key that element i belongs to was seen, added up over queries and the heads that share it.
    private static double Seen(int i, AttentionShape s, double[] p)
    {
        var head = i / s.HeadDim % s.KeyHeads;
        var key = i / (s.HeadDim * s.KeyHeads) % s.Keys;
        var batch = i / (s.HeadDim * s.KeyHeads * s.Keys);
        var group = s.Heads / s.KeyHeads;
        var sum = 0.0;
        for (var h = head * group; h < (head + 1) * group; h++)
        {
            for (var query = 0; query < s.Queries; query++)
                sum += p[((((batch * s.Heads) + h) * s.Queries) + query) * s.Keys + key];
        }

        return sum;
    }
}
