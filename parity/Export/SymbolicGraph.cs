// What all runs of a part have in common: the same operations on the same values, with extents as functions of the symbols. This is what templates read.

using Ditar.Reference;
using Ditar.Reference.Tracing;

namespace Ditar.Parity.Export;

/// <summary>A tensor of the graph.</summary>
internal sealed class SymbolicValue(IReadOnlyList<Affine> shape)
{
    public IReadOnlyList<Affine> Shape { get; } = shape;

    /// <summary>Null for inputs and constants.</summary>
    public SymbolicOperation? Producer { get; set; }

    /// <summary>Weights and tables.</summary>
    public Tensor? Constant { get; init; }

    /// <summary>Where a constant was first read.</summary>
    public string Module { get; init; } = "";
}

/// <param name="Integers">As <see cref="OperationKind"/> says, over the symbols.</param>
/// <param name="Indices">The graph input whose numbers a Gather reads, instead of its integers.</param>
internal sealed record SymbolicOperation(
    OperationKind Kind, string Module, IReadOnlyList<SymbolicValue> Inputs, SymbolicValue Result,
    IReadOnlyList<Affine> Integers, IReadOnlyList<double> Numbers, SymbolicValue? Indices)
{
    /// <exception cref="ExportException">The integer is not the same at all sizes.</exception>
    public int Fixed(int index) => Integers[index].IsConstant
        ? (int)Integers[index].Constant
        : throw new ExportException($"{Module}: {Kind} has an attribute that depends on the input's size where a graph needs a number.");
}

internal sealed record SymbolicInput(string Name, SymbolicValue Value, bool IsIndices);

internal sealed record SymbolicGraph(
    string Name, IReadOnlyList<Symbol> Symbols, IReadOnlyList<SymbolicInput> Inputs, IReadOnlyList<SymbolicOperation> Operations,
    IReadOnlyList<(string Name, SymbolicValue Value)> Outputs, IReadOnlyList<(string Path, SymbolicValue Value)> Modules);
