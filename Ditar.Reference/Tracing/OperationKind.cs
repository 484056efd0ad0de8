// Every operation that an observer can see, with what it is told about each. Shapes are not repeated: they are those of the inputs and the result.
// Composite operations (a linear map, attention) are one entry, so that a reader of the list recognises the layers.

namespace Ditar.Reference.Tracing;

/// <summary>What a tensor operation does; inputs, integers and numbers in the order given here.</summary>
public enum OperationKind
{
    /// <summary>No inputs; numbers: the value.</summary>
    Fill,

    /// <summary>The same values: inputs x.</summary>
    Identity,

    /// <summary>The same numbers in the result's element type: inputs x.</summary>
    Convert,

    // Element-wise, inputs x; the names of UnaryOperation.
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
    Softplus,
    Silu,
    Gelu,

    // Element-wise with broadcasting, inputs a, b; the names of BinaryOperation.
    Add,
    Subtract,
    Multiply,
    Divide,

    /// <summary>Inputs x; numbers: lowest, highest.</summary>
    Clamp,

    /// <summary>To the nearest whole number, ties to the even one: inputs x.</summary>
    Round,

    /// <summary>Inputs a, b; integers: 1 where a, b are transposed.</summary>
    MatMul,

    /// <summary>x W^T + b: inputs x, weight and, if there is one, bias.</summary>
    Linear,

    /// <summary>Inputs x, weight [outputs, kernel, channels / groups] and, if there is one, bias; integers: stride, dilation, groups.</summary>
    Convolve,

    /// <summary>Inputs x, weight [channels, kernel, outputs] and, if there is one, bias; integers: stride.</summary>
    ConvolveTransposed,

    /// <summary>Inputs x; integers: length, hop.</summary>
    Frame,

    /// <summary>Inputs x; integers: hop, channels.</summary>
    OverlapAdd,

    /// <summary>Inputs x; integers: axis, 1 where it stays.</summary>
    Sum,

    /// <summary>Inputs x; integers: axis, 1 where it stays.</summary>
    Mean,

    /// <summary>Over the last axis: inputs x.</summary>
    Softmax,

    /// <summary>Over the last axis: inputs x.</summary>
    LogSoftmax,

    /// <summary>Inputs x.</summary>
    Reshape,

    /// <summary>Inputs x; integers: axis, start, length.</summary>
    Slice,

    /// <summary>Inputs: the parts; integers: axis.</summary>
    Concat,

    /// <summary>Zeros around: inputs x; integers: axis, before, after.</summary>
    Pad,

    /// <summary>Inputs x; integers: which axis of x each axis of the result is.</summary>
    Permute,

    /// <summary>Rows: inputs x; integers: the indices.</summary>
    Gather,

    /// <summary>Inputs x; integers: the indices.</summary>
    ScatterAdd,

    /// <summary>Inputs x, gain; numbers: epsilon.</summary>
    RmsNorm,

    /// <summary>Inputs x, gain, bias; numbers: epsilon.</summary>
    LayerNorm,

    /// <summary>Inputs x, alpha.</summary>
    Snake,

    /// <summary>Inputs x [batch, time, heads, headDim], cosine and sine [time, headDim / 2].</summary>
    Rotate,

    /// <summary>Inputs queries, keys, values and, if there is one, mask; integers: 1 when causal; numbers: scale.</summary>
    Attention,
}
