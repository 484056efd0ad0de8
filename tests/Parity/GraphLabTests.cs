// Exported graphs as engines of the lab, and the commands as a user types them, on a model of a few thousand weights.

using System.CommandLine;
using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Tests.Edge;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity;

[Collection(OnnxCollection.Name)]
public sealed class GraphLabTests(OnnxFixture onnx) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ParityModel model = ParityModel.Random("small", TinyCheckpoint.Model, TinyCheckpoint.Vae, 5);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_row_is_compared_with_onnx_runtime_and_keeps_its_bound()
    {
        var result = Compare(model, "cpu");
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(result.Rows.Count, result.GraphRows);
        Assert.True(result.GraphRows > 200, $"{result.GraphRows} rows");
        Assert.Contains(result.Rows, row => row.Kind == RowKind.FreeRunning && row.Cells.ContainsKey("onnx CPU"));
    }

    [WebGpuFact]
    public void Gpu_kernels_keep_their_bounds()
    {
        // 8 latent dims: a convolution over the 6 of the other tests comes out wrong in ONNX Runtime 1.30's WebGPU kernels (docs/parity.md).
        var even = ParityModel.Random("small", TinyCheckpoint.Model with { LatentDim = 8 }, TinyCheckpoint.Vae with { LatentDim = 8 }, 5);
        var result = Compare(even, "webgpu");
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(EngineKind.GraphGpu, result.Columns.Last().Kind);
        Assert.Contains("software adapter", result.Columns.Last().Provider, StringComparison.Ordinal);
    }

    [Fact]
    public void Graphs_of_other_weights_are_refused_and_graphs_that_lie_are_found_out()
    {
        var other = ParityModel.Random("small", TinyCheckpoint.Model, TinyCheckpoint.Vae, 6);
        var manifest = Export(other);
        var choice = ProviderChoice.Make(onnx.Library, "cpu");
        Assert.Contains("seed", Assert.Throws<RecordingException>(() => new GraphEngine(model, onnx.Library, folder.Path, manifest, choice)).Message, StringComparison.Ordinal);

        var (plan, truth) = Truth(model);
        var relabelled = manifest with { Seed = 5 };
        Assert.Contains(manifest.WeightHash, Assert.Throws<RecordingException>(() => new GraphEngine(model, onnx.Library, folder.Path, relabelled, choice)).Message, StringComparison.Ordinal);

        using var engine = new GraphEngine(model, onnx.Library, folder.Path, relabelled with { WeightHash = model.Identity.Hash }, choice);
        var result = Comparison.Of([truth, plan.Record(engine, model.Identity, () => { }, CancellationToken.None)]);
        Assert.False(result.Holds);
        Assert.Contains(result.Breaks, found => found.Row.Name == "seeded/patch_encoder/encoder.input");
    }

    [Fact]
    public void A_folder_that_does_not_fit_is_refused_before_anything_is_computed()
    {
        var manifest = Export(model, intermediates: false);
        Assert.Equal(model.Identity.Hash, manifest.WeightHash);
        _ = new Lab(model, new GraphChoice(["cpu"], folder.Path), CancellationToken.None);
        Assert.Contains("none for stop", Refused(manifest with { Graphs = [.. manifest.Graphs.Where(graph => graph.Name != GraphNames.Stop)] }), StringComparison.Ordinal);
        Assert.Contains("seed", Refused(manifest with { Seed = null }), StringComparison.Ordinal);

        string Refused(ExportManifest instead)
        {
            instead.Write(folder.Path);
            return Assert.Throws<RecordingException>(() => new Lab(model, new GraphChoice(["cpu"], folder.Path), CancellationToken.None)).Message;
        }
    }

    [Fact]
    public void Graphs_without_intermediates_are_compared_on_their_outputs()
    {
        var manifest = Export(model, intermediates: false);
        var (plan, truth) = Truth(model);
        using var engine = new GraphEngine(model, onnx.Library, folder.Path, manifest, ProviderChoice.Make(onnx.Library, "cpu"));
        var result = Comparison.Of([truth, plan.Record(engine, model.Identity, () => { }, CancellationToken.None)]);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.All(result.Rows.Where(row => row.Cells.Count > 0), row => Assert.Contains(row.Kind, new[] { RowKind.Output, RowKind.FreeRunning }));
        Assert.True(result.GraphRows > 20);
    }

    [Fact]
    public void Commands_run_record_and_compare()
    {
        var checkpoint = TinyCheckpoint.Write(folder.File("model"));
        Assert.Equal(ExitCode.Done, Invoke("run", "--model", checkpoint, "--provider", "cpu", "--patches", "1", "--report", folder.File("p.html")));
        Assert.Contains("Parity holds", File.ReadAllText(folder.File("p.html")), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", checkpoint, "--engine", "oracle", "--patches", "1", "-o", folder.File("oracle")));
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", checkpoint, "--provider", "cpu", "--inputs", folder.File("oracle"), "--outputs-only", "-o", folder.File("cpu")));
        Assert.Equal(ExitCode.Done, Invoke("compare", folder.File("oracle"), folder.File("cpu"), "--layers"));
        Assert.Equal(ExitCode.Done, Invoke("run", "--model", checkpoint, "--without-onnx", "--patches", "1", "--recorded", folder.File("cpu"), "--report", folder.File("q.html")));
        Assert.Contains("onnx CPU", File.ReadAllText(folder.File("q.html")), StringComparison.Ordinal);

        var other = TinyCheckpoint.Write(folder.File("other"), stopBias: 1);
        Assert.Equal(ExitCode.BadInput, Invoke("record", "--model", other, "--engine", "simd", "--inputs", folder.File("oracle"), "-o", folder.File("x")));
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", other, "--engine", "simd", "--patches", "1", "-o", folder.File("x")));
        Assert.Equal(ExitCode.BadInput, Invoke("compare", folder.File("oracle"), folder.File("x")));
        Assert.Equal(ExitCode.BadInput, Invoke("compare", folder.File("oracle"), folder.File("p.html")));
        Assert.Equal(ExitCode.BadInput, Invoke("run", "--model", folder.File("nowhere")));
        Assert.Equal(ExitCode.BadInput, Invoke("run", "--size", "0.1B"));
        Assert.Equal(ExitCode.BadInput, Invoke("run", "--model", checkpoint, "--without-onnx", "--report", folder.File("no/such/p.html")));
    }

    [Fact]
    public void A_provider_that_is_not_there_fails_before_anything_is_computed() =>
        Assert.Equal(ExitCode.Broken, Invoke("run", "--random", "--provider", "cuda", "--report", folder.File("p.html")));

    private static int Invoke(params string[] line) => new RootCommand { RunCommand.Create(), RecordCommand.Create(), CompareCommand.Create() }.Parse(line).Invoke();

    private ParityResult Compare(ParityModel compared, string provider)
    {
        var manifest = Export(compared);
        var (plan, truth) = Truth(compared);
        using var simd = KernelEngine.Simd(compared);
        using var graphs = new GraphEngine(compared, onnx.Library, folder.Path, manifest, ProviderChoice.Make(onnx.Library, provider));
        return Comparison.Of([truth, .. new IParityEngine[] { simd, graphs }.Select(engine => plan.Record(engine, compared.Identity, () => { }, CancellationToken.None))]);
    }

    private ExportManifest Export(ParityModel exported, bool intermediates = true) =>
        OnnxExport.Run(folder.Path, ExportSource.Of(exported), new ExportOptions { Intermediates = intermediates });

    private static (Plan Plan, Recording Truth) Truth(ParityModel compared)
    {
        using var oracle = KernelEngine.Oracle(compared);
        var plan = compared.Plan(oracle, new PlanOptions(3, "open the door", 1, 2), () => { }, CancellationToken.None);
        return (plan, plan.Record(oracle, compared.Identity, () => { }, CancellationToken.None));
    }
}
