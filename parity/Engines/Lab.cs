// Runs engines over a plan, one after the other so that only one model is in memory beside the truth's, and shows how far it is.

using Spectre.Console;

namespace Ditar.Parity;

/// <param name="graphs">Null to leave ONNX Runtime out.</param>
internal sealed class Lab(ParityModel model, GraphChoice? graphs, CancellationToken cancellation)
{
    /// <summary>What record can be asked for.</summary>
    public static readonly IReadOnlyList<string> EngineNames = ["onnx", "simd", "reference", "oracle"];

    public GraphChoice? Graphs { get; } = graphs;

    public ParityModel Model { get; } = model;

    /// <summary>The oracle, both of our float32 kernel sets, and ONNX Runtime's providers.</summary>
    public IReadOnlyList<Recording> RunAll(PlanOptions options) => Watched(progress =>
    {
        var (plan, truth) = Truth(progress, options);
        var recordings = new List<Recording> { truth };
        recordings.Add(Record(progress, plan, () => KernelEngine.Reference(Model)));
        recordings.Add(Record(progress, plan, () => KernelEngine.Simd(Model)));
        return recordings;
    });

    /// <param name="plan">Whose inputs to compute on; null to have the oracle make them.</param>
    public Recording RunOne(string engine, Plan? plan, PlanOptions options) => Watched(progress =>
    {
        if (plan is null)
        {
            var made = Truth(progress, options);
            if (engine == "oracle") return made.Recording;
            plan = made.Plan;
        }

        return Record(progress, plan, () => engine switch
        {
            "oracle" => KernelEngine.Oracle(Model),
            "reference" => KernelEngine.Reference(Model),
            "simd" => KernelEngine.Simd(Model),
            _ => throw new ArgumentException($"No engine is called {engine}.", nameof(engine)),
        });
    });

    private (Plan Plan, Recording Recording) Truth(ProgressContext progress, PlanOptions options)
    {
        using var oracle = KernelEngine.Oracle(Model);
        var task = progress.AddTask("inputs by the oracle").IsIndeterminate();
        var plan = Passages.Plan(Model, oracle, options, () => task.Increment(1), cancellation);
        task.IsIndeterminate(false).Value(task.MaxValue);
        return (plan, Record(progress, plan, () => oracle));
    }

    private Recording Record(ProgressContext progress, Plan plan, Func<IParityEngine> create)
    {
        using var engine = create();
        var task = progress.AddTask(Markup.Escape(engine.Identity.Name), maxValue: plan.Work);
        return plan.Record(engine, Model.Identity, () => task.Increment(1), cancellation);
    }

    private static T Watched<T>(Func<ProgressContext, T> work) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(work);
}
