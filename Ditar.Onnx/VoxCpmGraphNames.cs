// The graphs of an exported VoxCPM model. Where a module is what DiTAR's is, its name is DiTAR's (GraphNames), and so are the names of past and present caches.
// The two language models are graphs of their own: between them lie the quantiser, whose steps must not hide in a sum of errors, and the masks of text.
// W = width of the language models, C = width of LocDiT's condition, P = latents per patch, D = latent dims, H = key heads.

namespace Ditar.Onnx;

public static class VoxCpmGraphNames
{
    /// <summary>inputs [time, W] -> hidden [time, W] and each layer's present keys and values [1, time, H, headDim].</summary>
    public const string BasePrefill = "base_prefill";

    /// <summary>inputs [time, W] and each layer's past [1, past, H, headDim] -> hidden [time, W] and present [1, past + time, H, headDim].</summary>
    public const string BaseStep = "base_step";

    /// <summary>hidden [n, W] -> quantised [n, W]: what goes on of the base model's outputs at patches.</summary>
    public const string Quantiser = "quantiser";

    /// <summary>hidden [n, W], quantised at patches, and heard [n, W], embeddings at patches and zeros at symbols -> inputs [n, W] of the residual model.</summary>
    public const string ResidualInput = "residual_input";

    /// <summary>As <see cref="BasePrefill"/>.</summary>
    public const string ResidualPrefill = "residual_prefill";

    /// <summary>As <see cref="BaseStep"/>.</summary>
    public const string ResidualStep = "residual_step";

    /// <summary>hidden [n, 2 W], both models' outputs side by side -> condition [n, C].</summary>
    public const string Condition = "condition";

    /// <summary>noisy [batch, P, D], time [batch], step [batch], condition [batch, C], history [batch, P, D] -> velocity [batch, P, D].</summary>
    public const string Velocity = GraphNames.Velocity;

    /// <summary>hidden [n, W] of the base model -> logits [n, 2]: go on, stop.</summary>
    public const string Stop = GraphNames.Stop;

    /// <summary>In the order in which a waveform is made.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        GraphNames.TextEmbedding, GraphNames.PatchEncoder, BasePrefill, BaseStep, Quantiser, ResidualInput, ResidualPrefill, ResidualStep,
        Condition, Velocity, Stop, GraphNames.VaeEncoder, GraphNames.VaeDecoder,
    ];
}
