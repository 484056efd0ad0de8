// Which template writes which operation.

using Ditar.Parity.OnnxFiles;
using Ditar.Reference.Tracing;

namespace Ditar.Parity.Export;

internal static class OperationTemplates
{
    private static readonly Dictionary<OperationKind, Action<TemplateContext>> All = new()
    {
        [OperationKind.Fill] = MovementTemplates.Fill,
        [OperationKind.Identity] = c => c.Result("Identity", [c.Input(0)]),
        [OperationKind.Reshape] = MovementTemplates.Reshape,
        [OperationKind.Slice] = MovementTemplates.Slice,
        [OperationKind.Concat] = MovementTemplates.Concat,
        [OperationKind.Pad] = MovementTemplates.Pad,
        [OperationKind.Permute] = MovementTemplates.Permute,
        [OperationKind.Gather] = MovementTemplates.Gather,

        [OperationKind.Negate] = Same("Neg"),
        [OperationKind.Abs] = Same("Abs"),
        [OperationKind.Square] = c => c.Result("Mul", [c.Input(0), c.Input(0)]),
        [OperationKind.Sqrt] = Same("Sqrt"),
        [OperationKind.ReciprocalSqrt] = c => c.Result("Reciprocal", [c.Add("Sqrt", [c.Input(0)])]),
        [OperationKind.Reciprocal] = Same("Reciprocal"),
        [OperationKind.Exp] = Same("Exp"),
        [OperationKind.Log] = Same("Log"),
        [OperationKind.Sin] = Same("Sin"),
        [OperationKind.Cos] = Same("Cos"),
        [OperationKind.Tanh] = Same("Tanh"),
        [OperationKind.Round] = Same("Round"),
        [OperationKind.Sigmoid] = Same("Sigmoid"),
        [OperationKind.Softplus] = Same("Softplus"),
        [OperationKind.Silu] = c => c.Result("Mul", [c.Input(0), c.Add("Sigmoid", [c.Input(0)])]),
        [OperationKind.Gelu] = ElementwiseTemplates.Gelu,
        [OperationKind.Clamp] = ElementwiseTemplates.Clamp,
        [OperationKind.Snake] = ElementwiseTemplates.Snake,
        [OperationKind.Add] = Same("Add"),
        [OperationKind.Subtract] = Same("Sub"),
        [OperationKind.Multiply] = Same("Mul"),
        [OperationKind.Divide] = Same("Div"),

        [OperationKind.Sum] = RowTemplates.Sum,
        [OperationKind.Mean] = RowTemplates.Mean,
        [OperationKind.Softmax] = c => c.Result("Softmax", [c.Input(0)], new NodeAttribute("axis", -1L)),
        [OperationKind.LogSoftmax] = c => c.Result("LogSoftmax", [c.Input(0)], new NodeAttribute("axis", -1L)),
        [OperationKind.RmsNorm] = RowTemplates.RmsNorm,
        [OperationKind.LayerNorm] = RowTemplates.LayerNorm,

        [OperationKind.MatMul] = ProductTemplates.MatMul,
        [OperationKind.Linear] = ProductTemplates.Linear,
        [OperationKind.Rotate] = AttentionTemplates.Rotate,
        [OperationKind.Attention] = AttentionTemplates.Attention,

        [OperationKind.Convolve] = ConvolutionTemplates.Convolve,
        [OperationKind.ConvolveTransposed] = ConvolutionTemplates.ConvolveTransposed,
        [OperationKind.Frame] = ConvolutionTemplates.Frame,
        [OperationKind.OverlapAdd] = ConvolutionTemplates.OverlapAdd,
    };

    /// <exception cref="ExportException">No graph of ours may hold this operation.</exception>
    public static void Write(TemplateContext context)
    {
        if (!All.TryGetValue(context.Operation.Kind, out var template))
            throw new ExportException($"{context.Module}: there is no ONNX template for {context.Operation.Kind}.");
        template(context);
    }

    private static Action<TemplateContext> Same(string operatorType) =>
        c => c.Result(operatorType, [.. Enumerable.Range(0, c.InputCount).Select(c.Input)]);
}
