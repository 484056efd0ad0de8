// Runs engines over a plan, one after the other so that only one model is in memory beside the truth's, and shows how far it is.

using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Reference;
using Spectre.Console;

namespace Ditar.Parity;

/// <param name="graphs">Null to leave ONNX Runtime out.</param>
internal sealed class Lab(ParityModel model, GraphChoice? graphs, CancellationToken cancellation)
{
    /// <summary>What record can be asked for.</summary>
    public static readonly IReadOnlyList<string> EngineNames = ["onnx", "simd", "reference", "oracle"];

    public ParityModel Model { get; } = model;

    /// <summary>The oracle, both of our float32 kernel sets, and ONNX Runtime's providers.</summary>
    public IReadOnlyList<Recording> RunAll(PlanOptions options) => Watched(progress =>
    {
        var (plan, truth) = Truth(progress, options);
        var recordings = new List<Recording> { truth };
        recordings.Add(Record(progress, plan, () => KernelEngine.Reference(Model)));
        recordings.Add(Record(progress, plan, () => KernelEngine.Simd(Model)));
        if (graphs is not null) WithGraphs(progress, graphs, (engine, _) => recordings.Add(Record(progress, plan, () => engine)));
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

        if (engine == "onnx")
        {
            // The first that was named; run compares the CPU beside it, a recording has one engine.
            Recording? recording = null;
            WithGraphs(progress, graphs!, (graph, first) => recording ??= first ? Record(progress, plan, () => graph) : null);
            return recording!;
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

    // CPU is always among them: our bounds are relative to it.
    private void WithGraphs(ProgressContext progress, GraphChoice asked, Action<GraphEngine, bool> use)
    {
        var library = OnnxLibrary.Shared;
        List<ProviderChoice> choices = [.. asked.Providers.Select(name => ProviderChoice.Make(library, name))];
        foreach (var choice in choices) AnsiConsole.MarkupLineInterpolated($"[grey]ONNX Runtime {library.Version} on {choice.Title}: {string.Join("; ", choice.Reasons)}[/]");
        if (choices.All(choice => choice.Provider != OnnxProvider.Cpu)) choices.Add(ProviderChoice.Make(library, "cpu"));
        var temporary = asked.Folder is null ? Directory.CreateTempSubdirectory("ditar-parity-") : null;
        try
        {
            var folder = asked.Folder ?? temporary!.FullName;
            var manifest = asked.Folder is null ? Export(progress, folder) : ExportManifest.Read(folder);
            foreach (var choice in choices.DistinctBy(choice => choice.Provider))
            {
                using var engine = new GraphEngine(Model, library, folder, manifest, choice);
                use(engine, choice == choices[0]);
            }
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    private ExportManifest Export(ProgressContext progress, string folder)
    {
        var task = progress.AddTask("export", maxValue: GraphNames.All.Count);
        var networks = Model.At(ElementType.Float32);
        var source = new ExportSource(Model.Identity.Name, Model.WeightSeed, networks.Model, networks.Autoencoder);
        var started = new HashSet<string>();
        var manifest = OnnxExport.Run(
            folder, source, new ExportOptions { Intermediates = true }, new Steps(graph => task.Value = started.Add(graph) ? started.Count - 1 : task.Value), cancellation);
        task.Value = task.MaxValue;
        return manifest;
    }

    private Recording Record(ProgressContext progress, Plan plan, Func<IParityEngine> create)
    {
        using var engine = create();
        var task = progress.AddTask(Markup.Escape(engine.Identity.Name), maxValue: plan.Work);
        return plan.Record(engine, Model.Identity, () => task.Increment(1), cancellation);
    }

    // On the exporting thread itself, in order.
    private sealed class Steps(Action<string> graph) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value) => graph(value.Graph);
    }

    private static T Watched<T>(Func<ProgressContext, T> work) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(work);
}
