// Convolutions. Ours are channel-last [batch, time, channels], ONNX's are [batch, channels, time], so each stands between two transposes, which runtimes
// push through and cancel. Zeros that a Pad adds along time become the operator's own padding.

using Ditar.Parity.OnnxFiles;
using Ditar.Reference;
using Ditar.Reference.Tracing;

namespace Ditar.Parity.Export;

internal static class ConvolutionTemplates
{
    public static void Convolve(TemplateContext c)
    {
        var (x, left, right) = ThroughPad(c);
        var weight = c.Permuted(1, 0, 2, 1);                                                       // [outputs, channels / groups, kernel]
        var y = c.Add("Conv", c.InputCount == 2 ? [x, weight] : [x, weight, c.Input(2)],
            new("kernel_shape", new[] { c.InputShape(1)[1].Constant }),
            new("strides", new long[] { c.Operation.Fixed(0) }),
            new("dilations", new long[] { c.Operation.Fixed(1) }),
            new("group", (long)c.Operation.Fixed(2)),
            new("pads", new long[] { left, right }));
        Back(c, y);
    }

    public static void ConvolveTransposed(TemplateContext c)
    {
        var weight = c.Permuted(1, 0, 2, 1);                                                       // [channels, outputs, kernel]
        var x = Forth(c, c.Input(0));
        var y = c.Add("ConvTranspose", c.InputCount == 2 ? [x, weight] : [x, weight, c.Input(2)],
            new("kernel_shape", new[] { c.InputShape(1)[1].Constant }), new("strides", new long[] { c.Operation.Fixed(0) }));
        Back(c, y);
    }

    /// <summary>A convolution whose kernel copies: output (step j of the window, channel) is input step t * hop + j, channel.</summary>
    public static void Frame(TemplateContext c)
    {
        var (length, channels) = (c.Operation.Fixed(0), (int)c.InputShape(0)[2].Constant);
        var y = c.Add("Conv", [Forth(c, c.Input(0)), Identity(c, length, channels)],
            new("kernel_shape", new long[] { length }), new("strides", new long[] { c.Operation.Fixed(1) }));
        Back(c, y);
    }

    /// <summary>The transposed convolution with the same kernel.</summary>
    public static void OverlapAdd(TemplateContext c)
    {
        var channels = c.Operation.Fixed(1);
        var length = (int)c.InputShape(0)[2].Constant / channels;
        var y = c.Add("ConvTranspose", [Forth(c, c.Input(0)), Identity(c, length, channels)],
            new("kernel_shape", new long[] { length }), new("strides", new long[] { c.Operation.Fixed(0) }));
        Back(c, y);
    }

    // [length * channels, channels, length]
    private static string Identity(TemplateContext c, int length, int channels) => c.Graph.Once($"identity {length} {channels}", () =>
    {
        var kernel = Tensor.Zeros(ElementType.Float32, length * channels, channels, length);
        var values = kernel.Values<float>();
        for (var step = 0; step < length; step++)
            for (var channel = 0; channel < channels; channel++)
                values[(((((step * channels) + channel) * channels) + channel) * length) + step] = 1;
        return c.Graph.Constant($"constant/identity kernel of {length}", kernel);
    });

    private static (string Transposed, long Left, long Right) ThroughPad(TemplateContext c)
    {
        var padded = c.Operation.Inputs[0];
        return padded.Producer is { Kind: OperationKind.Pad } pad && pad.Integers.All(integer => integer.IsConstant) && pad.Fixed(0) == 1
            ? (Forth(c, c.NameOf(pad.Inputs[0])), pad.Fixed(1), pad.Fixed(2))
            : (Forth(c, c.NameOf(padded)), 0, 0);
    }

    private static string Forth(TemplateContext c, string x) => c.Transpose(x, 0, 2, 1);

    private static void Back(TemplateContext c, string y) => c.Result("Transpose", [y], new NodeAttribute("perm", new long[] { 0, 2, 1 }));
}
