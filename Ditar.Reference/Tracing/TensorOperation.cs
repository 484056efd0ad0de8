// One operation as it happened. Tensors are references: who keeps them beyond the call must not have an arena open.

namespace Ditar.Reference.Tracing;

/// <param name="Kind">Which, and so what the lists hold.</param>
/// <param name="Inputs">The tensors it read.</param>
/// <param name="Result">The tensor it made.</param>
/// <param name="Integers">Axes, extents, strides, indices.</param>
/// <param name="Numbers">Scales, limits, epsilons.</param>
public sealed record TensorOperation(
    OperationKind Kind, IReadOnlyList<Tensor> Inputs, Tensor Result, IReadOnlyList<int> Integers, IReadOnlyList<double> Numbers);
