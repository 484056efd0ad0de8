// One run of a part of the model under observation: its operations with the module each happened in, and what each module put out.

using Ditar.Reference;
using Ditar.Reference.Randomness;
using Ditar.Reference.Tracing;

namespace Ditar.Parity.Export;

/// <summary>What goes into a part: numbers, or the indices of a table's rows.</summary>
internal sealed record CallInput(string Name, Tensor? Tensor, int[]? Indices)
{
    public static CallInput Of(string name, Tensor tensor) => new(name, tensor, null);

    public static CallInput Of(string name, int[] indices) => new(name, null, indices);

    /// <summary>Normal draws, others for every name and size: what depends on the input must not look like a constant.</summary>
    public static CallInput Normal(string name, params int[] shape)
    {
        var draws = new double[shape.Aggregate(1, (product, extent) => checked(product * extent))];
        NormalSource.FillNormal((ulong)draws.Length, (ulong)name.Length, 0, draws);
        return Of(name, Tensor.From(ElementType.Float32, draws, shape));
    }

    /// <summary>Every index below <paramref name="rows"/> in turn.</summary>
    public static CallInput Counting(string name, int count, int rows) => Of(name, [.. Enumerable.Range(0, count).Select(i => i % rows)]);

    public ReadOnlySpan<int> Shape => Tensor is null ? new[] { Indices!.Length } : Tensor.Shape;
}

/// <summary>A part of the model, ready to run at one set of sizes.</summary>
internal sealed record Call(IReadOnlyList<CallInput> Inputs, Func<IReadOnlyList<(string Name, Tensor Value)>> Run);

internal sealed record RecordedStep(string Module, TensorOperation Operation);

internal sealed class RecordedRun : ITensorObserver
{
    private readonly List<RecordedStep> steps = [];
    private readonly List<(string Path, Tensor Output)> modules = [];
    private readonly Stack<string> open = [];

    private RecordedRun(IReadOnlyList<CallInput> inputs) => Inputs = inputs;

    public IReadOnlyList<CallInput> Inputs { get; }

    public IReadOnlyList<RecordedStep> Steps => steps;

    /// <summary>In the order in which they ended.</summary>
    public IReadOnlyList<(string Path, Tensor Output)> Modules => modules;

    public IReadOnlyList<(string Name, Tensor Value)> Outputs { get; private set; } = [];

    public static RecordedRun Of(Call call)
    {
        var run = new RecordedRun(call.Inputs);
        using (Observation.Of(run)) run.Outputs = call.Run();
        return run;
    }

    public void Operation(TensorOperation operation) => steps.Add(new RecordedStep(open.TryPeek(out var module) ? module : "", operation));

    public void Enter(string path) => open.Push(path);

    public void Leave(string path, Tensor output)
    {
        open.Pop();
        modules.Add((path, output));
    }
}
