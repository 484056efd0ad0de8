// One-dimensional convolutions over channel-last signals [batch, time, channels]. Without dilation the windows of a signal are overlapping rows
// of one matrix, so the convolution IS a matrix product over a strided view and nothing is unfolded. Frame and OverlapAdd are each other's
// adjoint: a framed DFT, an inverse STFT and a transposed convolution are a matrix product with one of them.
// Padding is the caller's (Pad), so that causal and centred layers differ by one visible line.

using System.Numerics;
using Ditar.Reference.Kernels;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    /// <summary>
    /// y[b, t, o] = bias[o] + sum over tap j and channel c of x[b, t*stride + j*dilation, c] w[o, j, c]: "valid" convolution (cross-correlation).
    /// </summary>
    /// <param name="weight">[outputs, kernel, channels / groups].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <returns>[batch, (time - (kernel-1) dilation - 1) / stride + 1, outputs].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit or the signal is shorter than the window.</exception>
    public Tensor Convolve(Tensor weight, Tensor? bias = null, int stride = 1, int dilation = 1, int groups = 1)
    {
        RequireSameType(this, weight);
        if (Rank != 3 || weight.Rank != 3 || weight[2] * groups != this[2] || weight[0] % groups != 0)
            throw new ArgumentException($"Convolution of {ShapeText.Of(shape)} (batch, time, channels) with {ShapeText.Of(weight.shape)} (outputs, kernel, channels / {groups} groups).");
        if (stride < 1 || dilation < 1) throw new ArgumentException($"Stride {stride} and dilation {dilation} must be positive.");
        var reach = ((weight[1] - 1) * dilation) + 1;
        if (this[1] < reach) throw new ArgumentException($"A window of {reach} steps does not fit into {ShapeText.Of(shape)} (batch, time, channels).");
        using var whole = Observation.Compose();
        var depthwise = groups > 1 && weight[2] == 1 && weight[0] == groups;
        var y = depthwise ? ConvolveDepthwise(weight, stride, dilation) : ConvolveDense(weight, stride, dilation, groups);
        return whole.Record(OperationKind.Convolve, bias is null ? y : y + bias, [this, weight, bias], [stride, dilation, groups]);
    }

    /// <summary>
    /// The transposed convolution: x[b, t, :] writes a window of kernel steps at t*stride, and windows that overlap add up.
    /// </summary>
    /// <param name="weight">[channels, kernel, outputs].</param>
    /// <returns>[batch, (time - 1) stride + kernel, outputs].</returns>
    public Tensor ConvolveTransposed(Tensor weight, Tensor? bias, int stride)
    {
        if (Rank != 3 || weight.Rank != 3 || weight[0] != this[2])
            throw new ArgumentException($"Transposed convolution of {ShapeText.Of(shape)} (batch, time, channels) with {ShapeText.Of(weight.shape)} (channels, kernel, outputs).");
        using var whole = Observation.Compose();
        var windows = MatMul(weight.Reshape(weight[0], -1));                                       // [batch, time, kernel * outputs]
        var y = windows.OverlapAdd(stride, weight[2]);
        return whole.Record(OperationKind.ConvolveTransposed, bias is null ? y : y + bias, [this, weight, bias], [stride]);
    }

    /// <summary>Windows of <paramref name="length"/> steps every <paramref name="hop"/>: [batch, time, channels] to [batch, frames, length * channels].</summary>
    public Tensor Frame(int length, int hop)
    {
        if (Rank != 3 || this[1] < length) throw new ArgumentException($"Frames of {length} steps do not fit into {ShapeText.Of(shape)} (batch, time, channels).");
        var channels = this[2];
        var frames = ((this[1] - length) / hop) + 1;
        var result = Allocate(Type, [this[0], frames, length * channels]);
        for (var b = 0; b < this[0]; b++)
            CopyBlocks(this, b * this[1] * channels, hop * channels, result, b * frames * length * channels, length * channels, frames, length * channels);
        if (Tape.Tracks(this))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var added = gradient.OverlapAdd(hop, channels);
                tape.Accumulate(this, added.Pad(1, 0, shape[1] - added[1]));
            });
        }

        return Observation.Record(OperationKind.Frame, result, [this], [length, hop]);
    }

    /// <summary>The adjoint of <see cref="Frame"/>: [batch, frames, length * channels] to [batch, (frames - 1) hop + length, channels].</summary>
    public Tensor OverlapAdd(int hop, int channels)
    {
        if (Rank != 3 || this[2] % channels != 0) throw new ArgumentException($"{ShapeText.Of(shape)} does not hold windows of {channels} channels.");
        using var whole = Observation.Compose();
        var length = this[2] / channels;
        var result = Zeros(Type, [this[0], ((this[1] - 1) * hop) + length, channels]);
        if (Type == ElementType.Float32) Add<float>(Values<float>(), result.Values<float>());
        else Add<double>(Values<double>(), result.Values<double>());
        if (Tape.Tracks(this)) Tape.Record(result, (tape, gradient) => tape.Accumulate(this, gradient.Frame(length, hop)));
        return whole.Record(OperationKind.OverlapAdd, result, [this], [hop, channels]);

        void Add<T>(ReadOnlySpan<T> windows, Span<T> y) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var (size, signal) = (shape[2], result.shape[1] * channels);
            for (var b = 0; b < shape[0]; b++)
                for (var t = 0; t < shape[1]; t++)
                    Kernels.AddScaled(windows.Slice(((b * shape[1]) + t) * size, size), T.One, y.Slice((b * signal) + (t * hop * channels), size));
        }
    }

    private Tensor ConvolveDense(Tensor weight, int stride, int dilation, int groups)
    {
        var (batch, time, channels) = (shape[0], shape[1], shape[2]);
        var (outputs, kernel, width) = (weight.shape[0], weight.shape[1], weight.shape[2]);
        var steps = ((time - ((kernel - 1) * dilation) - 1) / stride) + 1;
        var whole = dilation == 1 && groups == 1;
        var result = Allocate(Type, [batch, steps, outputs]);
        foreach (var (group, tap) in Pieces(kernel, groups, whole))
        {
            var product = new MatMulShape(
                batch, steps, outputs / groups, whole ? kernel * width : width,
                time * channels, stride * channels, 1,
                0, 1, kernel * width,
                steps * outputs, outputs, Accumulate: tap > 0);
            Multiply(product, this, (tap * dilation * channels) + (group * width), weight, ((group * (outputs / groups) * kernel) + tap) * width, result, group * (outputs / groups));
        }

        if (Tape.Tracks(this, weight))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                if (tape.Wants(this)) tape.Accumulate(this, DenseInputGradient(weight, gradient, stride, dilation, groups));
                if (tape.Wants(weight)) tape.Accumulate(weight, DenseWeightGradient(weight, gradient, stride, dilation, groups));
            });
        }

        return result;
    }

    private Tensor DenseInputGradient(Tensor weight, Tensor gradient, int stride, int dilation, int groups)
    {
        var (batch, time, channels) = (shape[0], shape[1], shape[2]);
        var (outputs, kernel, width) = (weight.shape[0], weight.shape[1], weight.shape[2]);
        if (dilation == 1 && groups == 1)
        {
            var windows = gradient.MatMul(weight.Reshape(outputs, kernel * width));               // [batch, steps, kernel * channels]
            var added = windows.OverlapAdd(stride, channels);
            return added.Pad(1, 0, time - added[1]);
        }

        var dx = Zeros(Type, shape);
        var steps = gradient.shape[1];
        foreach (var (group, tap) in Pieces(kernel, groups, whole: false))
        {
            var product = new MatMulShape(
                batch, steps, width, outputs / groups,
                steps * outputs, outputs, 1,
                0, kernel * width, 1,
                time * channels, stride * channels, Accumulate: true);
            Multiply(product, gradient, group * (outputs / groups), weight, ((group * (outputs / groups) * kernel) + tap) * width, dx, (tap * dilation * channels) + (group * width));
        }

        return dx;
    }

    private Tensor DenseWeightGradient(Tensor weight, Tensor gradient, int stride, int dilation, int groups)
    {
        var (batch, time, channels) = (shape[0], shape[1], shape[2]);
        var (outputs, kernel, width) = (weight.shape[0], weight.shape[1], weight.shape[2]);
        var steps = gradient.shape[1];
        var whole = dilation == 1 && groups == 1;
        var dw = Zeros(Type, weight.shape);
        foreach (var (group, tap) in Pieces(kernel, groups, whole))
        {
            for (var b = 0; b < batch; b++)
            {
                // dW = dY^T X, X being the same overlapping rows as forward.
                var product = new MatMulShape(
                    1, outputs / groups, whole ? kernel * width : width, steps,
                    0, 1, outputs,
                    0, stride * channels, 1,
                    0, kernel * width, Accumulate: true);
                Multiply(
                    product, gradient, (b * steps * outputs) + (group * (outputs / groups)),
                    this, (b * time * channels) + (tap * dilation * channels) + (group * width), dw, ((group * (outputs / groups) * kernel) + tap) * width);
            }
        }

        return dw;
    }

    // One product covers all taps of an undilated, ungrouped convolution; otherwise one per group and tap.
    private static IEnumerable<(int Group, int Tap)> Pieces(int kernel, int groups, bool whole)
    {
        for (var group = 0; group < groups; group++)
            for (var tap = 0; tap < (whole ? 1 : kernel); tap++)
                yield return (group, tap);
    }

    private Tensor ConvolveDepthwise(Tensor weight, int stride, int dilation)
    {
        var taps = weight.Reshape(weight[0], weight[1]).Transpose(0, 1);                           // [kernel, channels]
        return DepthwiseTaps(taps, new DepthwiseShape(shape[0], shape[1], shape[2], weight[1], stride, dilation));
    }

    private Tensor DepthwiseTaps(Tensor taps, DepthwiseShape s)
    {
        var result = Allocate(Type, [s.Batch, s.Outputs, s.Channels]);
        if (Type == ElementType.Float32) Kernels.Depthwise<float>(s, Values<float>(), taps.Values<float>(), result.Values<float>());
        else Kernels.Depthwise<double>(s, Values<double>(), taps.Values<double>(), result.Values<double>());
        if (Tape.Tracks(this, taps))
        {
            Tape.Record(result, (tape, gradient) =>
            {
                var dx = Like();
                var dw = Zeros(Type, taps.shape);
                if (Type == ElementType.Float32)
                    Kernels.DepthwiseGradient<float>(s, Values<float>(), taps.Values<float>(), gradient.Values<float>(), dx.Values<float>(), dw.Values<float>());
                else
                    Kernels.DepthwiseGradient<double>(s, Values<double>(), taps.Values<double>(), gradient.Values<double>(), dx.Values<double>(), dw.Values<double>());
                tape.Accumulate(this, dx);
                tape.Accumulate(taps, dw);
            });
        }

        return result;
    }
}
