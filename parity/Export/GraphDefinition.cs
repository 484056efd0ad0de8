// A part of a model as a graph to be: traced at several sizes, its runs laid side by side.

namespace Ditar.Parity.Export;

/// <param name="Description">For the reader of the graph.</param>
/// <param name="Prepare">Makes a call at sizes, one per symbol.</param>
internal sealed record GraphDefinition(string Name, string Description, IReadOnlyList<Symbol> Symbols, Func<IReadOnlyList<int>, Call> Prepare)
{
    /// <summary>One run per set of sizes, laid side by side.</summary>
    public SymbolicGraph Trace(CancellationToken cancellation)
    {
        var sizes = Symbol.Runs(Symbols);
        var runs = new List<RecordedRun>(sizes.Count);
        foreach (var size in sizes)
        {
            cancellation.ThrowIfCancellationRequested();
            runs.Add(RecordedRun.Of(Prepare(size)));
        }

        return RunAlignment.Of(Name, Symbols, sizes, runs);
    }

    /// <exception cref="ArgumentException">The model has no part of the name.</exception>
    public static GraphDefinition Of(string name, ExportSource source)
    {
        var part = source.Networks.Part(name);
        return new(part.Name, part.Description, part.Symbols, sizes =>
        {
            var given = part.Inputs(sizes);
            CallInput Given(string input) => given.First(each => each.Name == input);
            return new Call(given, () => part.Run(new PartInputs(input => Given(input).Tensor!, input => Given(input).Indices!)));
        });
    }
}
