// Lays the runs of one part side by side. Operation k of every run must be the same operation in the same module on the same values; then extents and
// integers are solved over the symbols. A tensor that no operation made and that is no input is a constant, and has to be the same in every run:
// a table that was computed from the input's size would be frozen into the graph otherwise.

using Ditar.Reference;
using Ditar.Reference.Tracing;

namespace Ditar.Parity.Export;

internal sealed class RunAlignment
{
    private readonly string name;
    private readonly IReadOnlyList<Symbol> symbols;
    private readonly IReadOnlyList<int[]> sizes;
    private readonly IReadOnlyList<RecordedRun> runs;
    private readonly Dictionary<Tensor, SymbolicValue>[] known;
    private readonly List<SymbolicInput> inputs = [];

    private RunAlignment(string name, IReadOnlyList<Symbol> symbols, IReadOnlyList<int[]> sizes, IReadOnlyList<RecordedRun> runs)
    {
        (this.name, this.symbols, this.sizes, this.runs) = (name, symbols, sizes, runs);
        known = [.. runs.Select(_ => new Dictionary<Tensor, SymbolicValue>(ReferenceEqualityComparer.Instance))];
    }

    /// <param name="runs">One per entry of <paramref name="sizes"/>.</param>
    /// <exception cref="ExportException">The runs differ in more than sizes; names the module.</exception>
    public static SymbolicGraph Of(string name, IReadOnlyList<Symbol> symbols, IReadOnlyList<int[]> sizes, IReadOnlyList<RecordedRun> runs) =>
        new RunAlignment(name, symbols, sizes, runs).Align();

    private SymbolicGraph Align()
    {
        for (var i = 0; i < runs[0].Inputs.Count; i++) AddInput(i);
        if (runs.Any(run => run.Steps.Count != runs[0].Steps.Count))
            throw new ExportException($"{name}: {string.Join(", ", runs.Select(run => run.Steps.Count))} operations at different input sizes; a graph is the same at all.");
        var operations = new List<SymbolicOperation>(runs[0].Steps.Count);
        for (var k = 0; k < runs[0].Steps.Count; k++) operations.Add(AlignStep([.. runs.Select(run => run.Steps[k])]));

        if (runs.Any(run => !run.Modules.Select(m => m.Path).SequenceEqual(runs[0].Modules.Select(m => m.Path))))
            throw new ExportException($"{name}: other modules run at other input sizes.");
        return new SymbolicGraph(
            name, symbols, inputs, operations,
            [.. runs[0].Outputs.Select(output => (output.Name, Known(output.Value, $"output {output.Name}")))],
            [.. runs[0].Modules.Select(module => (module.Path, Known(module.Output, $"the output of {module.Path}")))]);
    }

    private void AddInput(int i)
    {
        var input = runs[0].Inputs[i];
        var value = new SymbolicValue(Shape($"input {input.Name}", run => runs[run].Inputs[i].Shape.ToArray()));
        for (var run = 0; run < runs.Count; run++)
            if (runs[run].Inputs[i].Tensor is { } tensor) known[run][tensor] = value;
        inputs.Add(new SymbolicInput(input.Name, value, input.Indices is not null));
    }

    private SymbolicOperation AlignStep(RecordedStep[] steps)
    {
        var (module, first) = (steps[0].Module, steps[0].Operation);
        var where = $"{(module.Length == 0 ? name : module)}: {first.Kind}";
        foreach (var step in steps)
        {
            if (step.Module != module || step.Operation.Kind != first.Kind || step.Operation.Inputs.Count != first.Inputs.Count)
                throw new ExportException($"{where} at one input size is {step.Module}: {step.Operation.Kind} at another; a graph does the same at all.");
            if (!step.Operation.Numbers.SequenceEqual(first.Numbers))
                throw new ExportException($"{where} computes with a number that depends on the input's size: {first.Numbers[0]} and {step.Operation.Numbers[0]}.");
        }

        SymbolicValue[] read = [.. Enumerable.Range(0, first.Inputs.Count).Select(i => Read([.. steps.Select(step => step.Operation.Inputs[i])], where, module))];
        var indices = first.Kind == OperationKind.Gather ? IndexInput(steps) : null;
        var result = new SymbolicValue(Shape(where, run => steps[run].Operation.Result.Shape.ToArray()));
        for (var run = 0; run < runs.Count; run++) known[run][steps[run].Operation.Result] = result;
        var integers = indices is null ? Solve($"{where}'s attributes", [.. steps.Select(step => step.Operation.Integers)]) : [];
        return result.Producer = new SymbolicOperation(first.Kind, module, read, result, integers, first.Numbers, indices);
    }

    private SymbolicValue Read(Tensor[] tensors, string where, string module)
    {
        SymbolicValue?[] values = [.. tensors.Select((tensor, run) => known[run].GetValueOrDefault(tensor))];
        if (values.Any(value => value != values[0])) throw new ExportException($"{where} reads another tensor at another input size.");
        if (values[0] is { } value) return value;
        foreach (var tensor in tensors)
        {
            if (ReferenceEquals(tensor, tensors[0])) continue;
            if (!tensor.Shape.SequenceEqual(tensors[0].Shape) || tensor.Type != tensors[0].Type || !tensor.ToDoubles().AsSpan().SequenceEqual(tensors[0].ToDoubles()))
            {
                throw new ExportException(
                    $"{where} reads a constant that changes with the input: {tensors[0]} and {tensor}. Numbers that follow the input have to be made by tensor operations.");
            }
        }

        int[] shape = [.. tensors[0].Shape];
        var constant = new SymbolicValue(Shape(where, _ => shape)) { Constant = tensors[0], Module = module };
        for (var run = 0; run < runs.Count; run++) known[run][tensors[run]] = constant;
        return constant;
    }

    // The graph input whose numbers the rows are picked by, in every run.
    private SymbolicValue? IndexInput(RecordedStep[] steps)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].IsIndices && Enumerable.Range(0, runs.Count).All(run => steps[run].Operation.Integers.SequenceEqual(runs[run].Inputs[i].Indices!)))
                return inputs[i].Value;
        }

        return null;
    }

    private SymbolicValue Known(Tensor tensor, string what) =>
        known[0].GetValueOrDefault(tensor) ?? throw new ExportException($"{name}: {what} was not made by an operation that was seen.");

    private Affine[] Shape(string where, Func<int, int[]> shape) => Solve($"{where}'s shape", [.. Enumerable.Range(0, runs.Count).Select(shape)]);

    private Affine[] Solve(string what, IReadOnlyList<int>[] lists)
    {
        if (lists.Any(list => list.Count != lists[0].Count)) throw new ExportException($"{what} has more numbers at another input size.");
        var solved = new Affine[lists[0].Count];
        for (var i = 0; i < solved.Length; i++)
        {
            long[] values = [.. lists.Select(list => (long)list[i])];
            solved[i] = Affine.Solve(values, sizes)
                ?? throw new ExportException($"{what}: {string.Join(", ", values)} is no sum of multiples of {string.Join(", ", symbols.Select(s => s.Name))}.");
        }

        return solved;
    }
}
