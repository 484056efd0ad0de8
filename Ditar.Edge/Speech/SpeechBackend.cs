// What a speaker computes with. All speak the same with the same seed, up to rounding.

using Ditar.Onnx;
using Ditar.Simd;

namespace Ditar.Edge;

public enum BackendKind
{
    /// <summary>The fused engine: packed weights, vector kernels, memory of its own.</summary>
    Simd,

    /// <summary>The spec's modules on the vector kernels: what the fused engine is compared with.</summary>
    Definition,

    /// <summary>The spec's modules on the plain kernels that define what the others must compute; slow.</summary>
    Reference,

    /// <summary>Exported graphs in ONNX Runtime, on a GPU where there is one.</summary>
    Onnx,
}

/// <param name="Threads">1 or more; the sound does not depend on it (with ONNX Runtime up to rounding). The reference backend has one.</param>
/// <param name="Graphs">The export folder of the ONNX backend; null with the others.</param>
/// <param name="Provider">Of the ONNX backend, one of <see cref="ProviderChoice.Names"/>.</param>
public sealed record SpeechBackend(BackendKind Kind, int Threads = 1, string? Graphs = null, string Provider = ProviderChoice.Auto)
{
    /// <summary>How the fused engine stores weights; null for as the checkpoint does. Other backends compute with the checkpoint's own.</summary>
    public EngineFormats? Weights { get; init; }
}
