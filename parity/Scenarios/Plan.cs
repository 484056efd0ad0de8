// What one run of the lab computes: calls and free runs, in order, with all their inputs.

namespace Ditar.Parity;

internal sealed record Plan(ulong Seed, IReadOnlyList<ModuleCall> Calls, IReadOnlyList<FreeRun> FreeRuns)
{
    /// <summary>Units of progress: a call each, a patch each.</summary>
    public int Work => Calls.Count + FreeRuns.Sum(run => run.Patches);

    /// <summary>All inputs, named scenario/call/port.</summary>
    public IReadOnlyList<RecordedTensor> Inputs =>
    [
        .. Calls.SelectMany(call => call.Inputs.Select(input => input with { Name = $"{call.Name}/{input.Name}" })),
        .. FreeRuns.SelectMany(run => run.Inputs.Select(input => input with { Name = $"{run.Name}/{input.Name}" })),
    ];

    /// <summary>The plan that another recording followed.</summary>
    /// <exception cref="ArgumentException">It holds no call, or one that cannot be repeated.</exception>
    public static Plan Of(Recording recording)
    {
        var calls = ModuleCall.In(recording.Inputs);
        return calls.Count > 0
            ? new Plan(recording.Seed, calls, FreeRun.In(recording.Inputs))
            : throw new ArgumentException($"The recording of {recording.Engine.Name} has no inputs: there is nothing to compute.", nameof(recording));
    }

    /// <summary>Has an engine compute all of it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; looked at before every call and patch.</exception>
    public Recording Record(IParityEngine engine, ModelIdentity model, Action done, CancellationToken cancellation)
    {
        var outputs = new List<RecordedTensor>();
        foreach (var call in Calls)
        {
            cancellation.ThrowIfCancellationRequested();
            Keep(call.Name, engine.Run(call));
            done();
        }

        foreach (var run in FreeRuns) Keep(run.Name, run.Run(engine, done, cancellation));
        return new Recording(engine.Identity, MachineIdentity.Here, model, Seed, DateTime.UtcNow, Inputs, outputs);

        void Keep(string call, IEnumerable<RecordedTensor> tensors)
        {
            foreach (var tensor in tensors) outputs.Add(tensor with { Name = $"{call}/{tensor.Name}" });
        }
    }
}
