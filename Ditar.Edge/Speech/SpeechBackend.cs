// What a speaker computes with. All speak the same with the same seed, up to rounding.

using Ditar.Onnx;

namespace Ditar.Edge;

public enum BackendKind
{
    /// <summary>The spec's modules on the vector kernels.</summary>
    Simd,

    /// <summary>The spec's modules on the plain kernels that define what the others must compute; slow.</summary>
    Reference,

    /// <summary>Exported graphs in ONNX Runtime, on a GPU where there is one.</summary>
    Onnx,
}

/// <param name="Threads">1 or more; the sound does not depend on it (with ONNX Runtime up to rounding). The reference backend has one.</param>
/// <param name="Graphs">The export folder of the ONNX backend; null with the others.</param>
/// <param name="Provider">Of the ONNX backend, one of <see cref="ProviderChoice.Names"/>.</param>
public sealed record SpeechBackend(BackendKind Kind, int Threads = 1, string? Graphs = null, string Provider = ProviderChoice.Auto);
