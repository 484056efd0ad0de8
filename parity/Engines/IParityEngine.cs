// Whoever computes: the float64 oracle, our float32 kernels, exported graphs. Each sees the same calls with the same inputs.

using Ditar.Reference.Speech;

namespace Ditar.Parity;

/// <summary>For use on one thread.</summary>
internal interface IParityEngine : IDisposable
{
    EngineIdentity Identity { get; }

    /// <summary>Computes one call.</summary>
    /// <returns>Tensors inside the module in the order of computation, named by module path, then the graph's outputs by their names.</returns>
    IReadOnlyList<RecordedTensor> Run(ModuleCall call);

    /// <summary>Speaks by itself: every patch is made from its own earlier ones.</summary>
    /// <returns>Patches, [P, D] each.</returns>
    IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation);
}
