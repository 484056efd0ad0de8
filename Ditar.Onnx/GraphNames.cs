// The graphs of one exported model and the names of what goes in and out of them. The exporter writes these names, the backend asks for them.
// W = width of the language model, P = latents per patch, K = history patches, D = latent dims, H = key heads.

using System.Globalization;

namespace Ditar.Onnx;

public static class GraphNames
{
    /// <summary>symbols int64 [n] -> embedding [n, W].</summary>
    public const string TextEmbedding = "text_embedding";

    /// <summary>patches [n, P, D] -> embedding [n, W].</summary>
    public const string PatchEncoder = "patch_encoder";

    /// <summary>inputs [time, W] -> hidden [time, W] and each layer's present keys and values [1, time, H, headDim].</summary>
    public const string LanguagePrefill = "language_prefill";

    /// <summary>inputs [time, W] and each layer's past [1, past, H, headDim] -> hidden [time, W] and present [1, past + time, H, headDim].</summary>
    public const string LanguageStep = "language_step";

    /// <summary>noisy [batch, P, D], time [batch], condition [batch, W], history [batch, K*P, D] -> velocity [batch, P, D].</summary>
    public const string Velocity = "velocity";

    /// <summary>hidden [n, W] -> probability [n, 1].</summary>
    public const string Stop = "stop";

    /// <summary>audio [batch, samples, 1], samples a multiple of the hop -> latents [batch, frames, D], standardised.</summary>
    public const string VaeEncoder = "vae_encoder";

    /// <summary>latents [batch, frames, D], standardised -> audio [batch, frames * hop, 1].</summary>
    public const string VaeDecoder = "vae_decoder";

    /// <summary>In the order in which a waveform is made.</summary>
    public static IReadOnlyList<string> All { get; } =
        [TextEmbedding, PatchEncoder, LanguagePrefill, LanguageStep, Velocity, Stop, VaeEncoder, VaeDecoder];

    public static string PastKeys(int layer) => Cache("past", layer, "keys");

    public static string PastValues(int layer) => Cache("past", layer, "values");

    public static string PresentKeys(int layer) => Cache("present", layer, "keys");

    public static string PresentValues(int layer) => Cache("present", layer, "values");

    private static string Cache(string when, int layer, string what) => string.Create(CultureInfo.InvariantCulture, $"{when}.{layer}.{what}");
}
