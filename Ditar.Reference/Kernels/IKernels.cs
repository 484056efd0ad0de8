// The kernel seam (design decision 2): every tensor operation ends in one of these calls, so that a whole set can be swapped at run time.
// PlainKernels is the readable definition; Ditar.Simd brings a fast set for float. Spans are row-major and contiguous unless a stride says otherwise.
// Left out on purpose: pure data movement (concat, slice, transpose), which lives in Tensor itself.

using System.Numerics;

namespace Ditar.Reference.Kernels;

/// <summary>Element-wise functions of one argument.</summary>
public enum UnaryOperation
{
    Negate,
    Abs,
    Square,
    Sqrt,
    ReciprocalSqrt,
    Reciprocal,
    Exp,
    Log,
    Sin,
    Cos,
    Tanh,
    Sigmoid,

    /// <summary>log(1 + exp(x)), finite for every finite x.</summary>
    Softplus,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>The tanh form: x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))), written as x sigmoid(2 sqrt(2/pi)(x + 0.044715 x^3)).</summary>
    Gelu,
}

public enum BinaryOperation
{
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// <summary>
/// C[b] = (Accumulate ? C[b] : 0) + A[b] B[b] with A [M, K], B [K, N], C [M, N]. Any strides of A and B: a transpose swaps two of them,
/// a batch stride of 0 shares a matrix, and a row stride below K makes overlapping rows (a convolution without copying). C's columns are contiguous.
/// </summary>
public readonly record struct MatMulShape(
    int Batch, int M, int N, int K,
    int ABatchStride, int ARowStride, int AColumnStride,
    int BBatchStride, int BRowStride, int BColumnStride,
    int CBatchStride, int CRowStride,
    bool Accumulate);

/// <summary>
/// y[o, i] = a[o*AOuter + i*AInner] op b[o*BOuter + i*BInner], y contiguous [Outer, Inner]. Inner strides are 0 or 1: that is all broadcasting needs.
/// </summary>
public readonly record struct BroadcastShape(int Outer, int Inner, int AOuter, int AInner, int BOuter, int BInner);

/// <summary>
/// Scaled dot-product attention over q [Batch, Queries, Heads, HeadDim], k and v [Batch, Keys, KeyHeads, HeadDim]; query head h reads key head h / (Heads / KeyHeads).
/// Causal: query i sees keys up to i + Keys - Queries, so a cached prefix needs no mask.
/// </summary>
public readonly record struct AttentionShape(int Batch, int Queries, int Keys, int Heads, int KeyHeads, int HeadDim, bool Causal, double Scale);

/// <summary>Depthwise convolution of x [Batch, Time, Channels] with w [Kernel, Channels] to [Batch, Outputs, Channels], Outputs = (Time - (Kernel-1)*Dilation - 1)/Stride + 1.</summary>
public readonly record struct DepthwiseShape(int Batch, int Time, int Channels, int Kernel, int Stride, int Dilation)
{
    public int Outputs => ((Time - ((Kernel - 1) * Dilation) - 1) / Stride) + 1;
}

/// <summary>A set of kernels. Methods named ...Gradient overwrite input gradients (dx) and ADD to parameter gradients (dgain, dalpha, ...).</summary>
public interface IKernels
{
    /// <summary>What a report calls this set.</summary>
    string Name { get; }

    void MatMul<T>(in MatMulShape shape, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void Unary<T>(UnaryOperation operation, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dx = dy * f'(x), where y = f(x) is given because some derivatives are cheaper from it.</summary>
    void UnaryGradient<T>(UnaryOperation operation, ReadOnlySpan<T> x, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void Binary<T>(BinaryOperation operation, in BroadcastShape shape, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>y += scale * x.</summary>
    void AddScaled<T>(ReadOnlySpan<T> x, T scale, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>y[o, i] = sum over n of x[o, n, i]; x [outer, count, inner].</summary>
    void Sum<T>(int outer, int count, int inner, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Softmax of each row of x [rows, width]. A row of -infinity only gives zeros.</summary>
    void Softmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dx = y * (dy - sum(y dy)).</summary>
    void SoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void LogSoftmax<T>(int rows, int width, ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dx = dy - exp(y) sum(dy).</summary>
    void LogSoftmaxGradient<T>(int rows, int width, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>y = x * inverse * gain with inverse[row] = 1/sqrt(mean(x^2) + epsilon), kept for the gradient.</summary>
    void RmsNorm<T>(int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, Span<T> y, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void RmsNormGradient<T>(int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dgain)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>y = (x - mean) * inverse * gain + bias with inverse = 1/sqrt(variance + epsilon), variance with divisor width.</summary>
    void LayerNorm<T>(int rows, int width, T epsilon, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> bias, Span<T> y, Span<T> mean, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void LayerNormGradient<T>(
        int rows, int width, ReadOnlySpan<T> x, ReadOnlySpan<T> gain, ReadOnlySpan<T> mean, ReadOnlySpan<T> inverse, ReadOnlySpan<T> dy,
        Span<T> dx, Span<T> dgain, Span<T> dbias) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>
    /// Rotates the pairs (x[2i], x[2i+1]) of x [batch, time, heads, headDim] by the angles whose cosines and sines are [time, headDim/2].
    /// The gradient is the same call with the sines negated, which <paramref name="inverse"/> does.
    /// </summary>
    void Rotate<T>(int batch, int time, int heads, int headDim, bool inverse, ReadOnlySpan<T> x, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>probabilities = softmax(scale q k^T + mask) [Batch, Heads, Queries, Keys]; y = probabilities v. The mask [Queries, Keys] may be empty.</summary>
    void Attention<T>(in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> mask, Span<T> y, Span<T> probabilities)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dq, dk and dv are overwritten.</summary>
    void AttentionGradient<T>(
        in AttentionShape shape, ReadOnlySpan<T> q, ReadOnlySpan<T> k, ReadOnlySpan<T> v, ReadOnlySpan<T> probabilities, ReadOnlySpan<T> dy,
        Span<T> dq, Span<T> dk, Span<T> dv) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    void Depthwise<T>(in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dx is overwritten, dw is added to.</summary>
    void DepthwiseGradient<T>(in DepthwiseShape shape, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dw)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Snake: y = x + sin^2(alpha x)/alpha, one alpha per channel; x [rows, channels].</summary>
    void Snake<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>dx = dy (1 + sin(2 alpha x)); dalpha += sum dy (x sin(2 alpha x)/alpha - sin^2(alpha x)/alpha^2).</summary>
    void SnakeGradient<T>(int rows, int channels, ReadOnlySpan<T> x, ReadOnlySpan<T> alpha, ReadOnlySpan<T> dy, Span<T> dx, Span<T> dalpha)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}
