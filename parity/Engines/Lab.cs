// Runs engines over a plan, one after the other so that only one model is in memory beside the truth's, and shows how far it is.

using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Simd;
using Spectre.Console;

namespace Ditar.Parity;

internal sealed class Lab
{
    private readonly GraphChoice? graphs;
    private readonly List<ProviderChoice> providers = [];
    private readonly ExportManifest? given;
    private readonly CancellationToken cancellation;

    /// <param name="graphs">Null to leave ONNX Runtime out.</param>
    /// <exception cref="OnnxException">There is no library, or a provider that was named cannot be used; found out before anything is computed.</exception>
    /// <exception cref="RecordingException">The graphs that were named are of another model; as early.</exception>
    public Lab(ParityModel model, GraphChoice? graphs, CancellationToken cancellation)
    {
        (Model, this.graphs, this.cancellation) = (model, graphs, cancellation);
        if (graphs is null) return;
        if (graphs.Folder is { } folder)
        {
            given = ExportManifest.Read(folder);
            GraphEngine.RequireModel(model, folder, given);
        }

        var library = FetchedLibrary.Require(Console.Error.WriteLine);
        foreach (var choice in graphs.Providers.Select(name => ProviderChoice.Make(library, name)).DistinctBy(choice => choice.Provider))
        {
            providers.Add(choice);
            AnsiConsole.MarkupLineInterpolated($"[grey]ONNX Runtime {library.Version} on {choice.Title}: {string.Join("; ", choice.Reasons)}[/]");
        }
    }

    /// <summary>What record can be asked for.</summary>
    public static readonly IReadOnlyList<string> EngineNames = ["onnx", .. EngineFormats.Names.Select(EngineName), "simd", "reference", "oracle"];

    public ParityModel Model { get; }

    private static string EngineName(string format) => $"engine-{format}";

    /// <summary>The oracle, both of our float32 kernel sets, the engine in each weight format, and ONNX Runtime's providers.</summary>
    public IReadOnlyList<Recording> RunAll(PlanOptions options) => Watched(progress =>
    {
        var (plan, truth) = Truth(progress, options);
        var recordings = new List<Recording> { truth };
        recordings.Add(Record(progress, plan, () => KernelEngine.Reference(Model)));
        recordings.Add(Record(progress, plan, () => KernelEngine.Simd(Model)));
        foreach (var format in Model.Formats) recordings.Add(Record(progress, plan, () => Model.Fused(format)));
        if (graphs is null) return recordings;

        // CPU is always among them: our bounds are relative to it.
        if (providers.All(choice => choice.Provider != OnnxProvider.Cpu)) providers.Add(ProviderChoice.Make(OnnxLibrary.Shared, "cpu"));
        WithGraphs(progress, folder =>
        {
            foreach (var choice in providers) recordings.Add(Record(progress, plan, () => folder(choice)));
        });
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
            // The first that was named: run compares the CPU beside it, a recording is of one engine.
            Recording? recording = null;
            WithGraphs(progress, folder => recording = Record(progress, plan, () => folder(providers[0])));
            return recording!;
        }

        return Record(progress, plan, () => engine switch
        {
            "oracle" => KernelEngine.Oracle(Model),
            "reference" => KernelEngine.Reference(Model),
            "simd" => KernelEngine.Simd(Model),
            _ when EngineFormats.Names.FirstOrDefault(format => EngineName(format) == engine) is { } format => Model.Fused(format),
            _ => throw new ArgumentException($"No engine is called {engine}.", nameof(engine)),
        });
    });

    private (Plan Plan, Recording Recording) Truth(ProgressContext progress, PlanOptions options)
    {
        using var oracle = KernelEngine.Oracle(Model);
        var task = progress.AddTask("inputs by the oracle").IsIndeterminate();
        var plan = Model.Plan(oracle, options, () => task.Increment(1), cancellation);
        task.IsIndeterminate(false).Value(task.MaxValue);
        return (plan, Record(progress, plan, () => oracle));
    }

    // Graphs that were exported for this run go when it ends.
    private void WithGraphs(ProgressContext progress, Action<Func<ProviderChoice, GraphEngine>> use)
    {
        var temporary = graphs!.Folder is null ? Directory.CreateTempSubdirectory("ditar-parity-") : null;
        try
        {
            var folder = graphs.Folder ?? temporary!.FullName;
            var manifest = given ?? Export(progress, folder);
            use(choice => new GraphEngine(Model, OnnxLibrary.Shared, folder, manifest, choice));
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    private ExportManifest Export(ProgressContext progress, string folder)
    {
        var task = progress.AddTask("export", maxValue: Model.PartNames.Count);
        var started = new HashSet<string>();
        var manifest = OnnxExport.Run(
            folder, ExportSource.Of(Model), new ExportOptions { Intermediates = true }, new Steps(graph => task.Value = started.Add(graph) ? started.Count - 1 : task.Value), cancellation);
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
