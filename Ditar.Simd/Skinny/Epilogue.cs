// What is done with a product before it is stored, while the tile is at hand: no other pass over the result is needed.

namespace Ditar.Simd;

/// <summary>A function of single values, applied to a product.</summary>
public enum Activation
{
    /// <summary>The value itself.</summary>
    None,

    /// <summary>GELU in its tanh form, as in the reference's kernels.</summary>
    Gelu,

    /// <summary>x sigmoid(x).</summary>
    Silu,
}

/// <summary>y = residual + scale * activation(x W^T + bias). The default is the product alone.</summary>
public unsafe struct Epilogue
{
    private float _scale;
    private bool _scaled;

    /// <summary>[outputs], or null. A gated product has none.</summary>
    public float* Bias { get; set; }

    /// <summary>Applied to product + bias. A gated product has <see cref="Activation.None"/>: its own is silu(gate) * up.</summary>
    public Activation Activation { get; set; }

    /// <summary>[rows, outputs] with the row stride that follows, or null. It may be the destination itself.</summary>
    public float* Residual { get; set; }

    /// <summary>Elements between rows of the residual.</summary>
    public nint ResidualRowStride { get; set; }

    /// <summary>Multiplies the activated product before the residual is added; 1 where it is not set.</summary>
    public float Scale
    {
        readonly get => _scaled ? _scale : 1;
        set => (_scale, _scaled) = (value, true);
    }
}
