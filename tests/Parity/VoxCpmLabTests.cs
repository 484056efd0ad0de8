// VoxCPM folders in the lab: both recorded checkpoints through our kernels and ONNX Runtime, part by part, layer by layer and speaking; and what a fault in one
// part does to the verdict.

using System.CommandLine;
using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Parity;

[Collection(OnnxCollection.Name)]
public sealed class VoxCpmLabTests(OnnxFixture onnx) : IDisposable
{
    private static readonly PlanOptions Options = new(3, null, 4, 10);
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_engine_keeps_its_bounds_on_every_part_and_in_free_running(string golden)
    {
        var model = Open(golden);
        var (plan, truth) = Truth(model);
        var manifest = OnnxExport.Run(folder.Path, ExportSource.Of(model), new ExportOptions { Intermediates = true });
        using var graphs = new GraphEngine(model, onnx.Library, folder.Path, manifest, ProviderChoice.Make(onnx.Library, "cpu"));
        var engines = EngineFormats.Names.Select(format => Record(plan, model, model.Fused(format)));
        var result = Comparison.Of([truth, Record(plan, model, KernelEngine.Reference(model)), Record(plan, model, KernelEngine.Simd(model)), .. engines, Record(plan, model, graphs)]);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(result.Rows.Count, result.GraphRows);
        Assert.Equal(VoxCpmGraphNames.All.Append(FreeRun.Module).Order(StringComparer.Ordinal), result.Rows.Select(row => row.Module).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(result.Rows, row => row is { Kind: RowKind.TransformerLayer, Module: VoxCpmGraphNames.ResidualStep });
        foreach (var format in EngineFormats.Names)
        {
            var rows = result.Rows.Where(row => row.Cells.ContainsKey($"engine {format}")).ToList();
            Assert.Equal(
                ["condition", "free_running", "patch_encoder", "residual_prefill", "residual_step", "text_embedding", "vae_decoder", "vae_encoder", "velocity"],
                rows.Select(row => row.Module).Distinct().Order(StringComparer.Ordinal));
            foreach (var row in rows.Where(row => row.Module is "patch_encoder" or "residual_prefill" or "residual_step" or "velocity" or "condition"))
                Assert.InRange(row.Cells[$"engine {format}"].Difference.RelativeL2, format == "float32" ? 1e-9 : 1e-4, format == "float32" ? Bounds.Module : 1);

            // What makes and hears sound is float32 whatever the format.
            foreach (var row in rows.Where(row => row.Module == "vae_encoder")) Assert.InRange(row.Cells[$"engine {format}"].Difference.RelativeL2, 1e-9, Bounds.Module);
        }

        // Float32 is not float64: a comparison of something with itself would show nothing.
        Assert.All(result.Rows.Where(row => row.Kind == RowKind.FreeRunning), row => Assert.InRange(row.Cells["onnx CPU"].Difference.RelativeL2, 1e-9, 1e-4));
    }

    [Theory]
    [InlineData("language_model.base.layers.1.feed_forward.down.weight", VoxCpmGraphNames.BaseStep)]
    [InlineData("language_model.residual.layers.0.attention.value.weight", VoxCpmGraphNames.ResidualPrefill)]
    [InlineData("language_model.quantiser.input.weight", VoxCpmGraphNames.Quantiser)]
    [InlineData("language_model.stop_input.bias", VoxCpmGraphNames.Stop)]
    [InlineData("language_model.base_condition.bias", VoxCpmGraphNames.Condition)]
    [InlineData("diffusion.step.second.bias", VoxCpmGraphNames.Velocity)]
    [InlineData("encoder.special_token", GraphNames.PatchEncoder)]
    public void A_planted_fault_is_found_in_its_part_alone(string parameter, string part)
    {
        var model = Open(VoxCpmGolden.Folders[0]);
        var (plan, truth) = Truth(model);
        var weights = model.At(ElementType.Float32).Model.Parameters.ToDictionary();
        var changed = weights[parameter].Copy();
        foreach (ref var value in changed.Values<float>()) value *= 1.01f;
        weights[parameter] = changed;
        var other = new VoxCpmNetworks(new VoxCpmModel(new GivenWeights(weights, ElementType.Float32), model.Config), model.At(ElementType.Float32).Vae);
        Assert.NotEqual(model.Identity.Hash, other.Hash);

        var outputs = plan.Calls.Where(call => call.Module == part).SelectMany(call => Outputs(other, call)).ToList();
        var lies = Record(plan, model, KernelEngine.Reference(model));
        lies = lies with { Outputs = [.. lies.Outputs.Select(tensor => outputs.FirstOrDefault(output => output.Name == tensor.Name) ?? tensor)] };
        var result = Comparison.Of([truth, lies]);
        Assert.False(result.Holds);
        Assert.All(result.Breaks, found => Assert.Equal(part, found.Row.Module));
    }

    [Fact]
    public void The_engine_of_other_weights_is_found_out_and_a_step_needs_its_prefill()
    {
        var model = Open(VoxCpmGolden.Folders[0]);
        var (plan, truth) = Truth(model);
        var other = Open(VoxCpmGolden.Folders[0], seed: 7);
        foreach (var format in new[] { "float32", "bf16", "int8" })
        {
            var result = Comparison.Of([truth, Record(plan, other, other.Fused(format)) with { Model = model.Identity }]);
            foreach (var module in new[] { "text_embedding", "patch_encoder", "residual_prefill", "residual_step", "velocity", "condition", "vae_decoder" })
                Assert.Contains(result.Breaks, found => found.Row.Module == module);
        }

        using var engine = model.Fused("float32");
        var step = plan.Calls.First(call => call.Module == VoxCpmGraphNames.ResidualStep);
        Assert.Contains("past.0.keys", Assert.Throws<RecordingException>(() => engine.Run(step)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_export_run_record_and_compare()
    {
        using var golden = new VoxCpmGolden(VoxCpmGolden.Folders[^1]);
        var checkpoint = golden.Folder;
        Assert.Equal(ExitCode.Done, Invoke("export", "--model", checkpoint, "-o", folder.File("onnx"), "--intermediates"));
        Assert.Equal(ExitCode.Done, Invoke("run", "--model", checkpoint, "--onnx", folder.File("onnx"), "--provider", "cpu", "--patches", "1", "--report", folder.File("p.html")));
        Assert.Contains("Parity holds", File.ReadAllText(folder.File("p.html")), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", checkpoint, "--engine", "oracle", "--patches", "1", "-o", folder.File("oracle")));
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", checkpoint, "--engine", "simd", "--inputs", folder.File("oracle"), "-o", folder.File("simd")));
        Assert.Equal(ExitCode.Done, Invoke("compare", folder.File("oracle"), folder.File("simd")));
        Assert.Equal(ExitCode.Done, Invoke("record", "--model", checkpoint, "--engine", "engine-int8", "--inputs", folder.File("oracle"), "-o", folder.File("int8")));
        Assert.Equal(ExitCode.Done, Invoke("compare", folder.File("oracle"), folder.File("int8"), "--report", folder.File("int8.html")));
        Assert.Equal(ExitCode.BadInput, Invoke("run", "--model", checkpoint, "--voice", "ann", "--report", folder.File("q.html")));
        Assert.Equal(ExitCode.BadInput, Invoke("run", "--model", checkpoint, "--patches", "1000", "--report", folder.File("q.html")));
        Assert.Equal(ExitCode.BadInput, Invoke("export", "--model", checkpoint, "--parts", "language_step", "-o", folder.File("x")));
    }

    private static int Invoke(params string[] line) =>
        new RootCommand { ExportCommand.Create(), RunCommand.Create(), RecordCommand.Create(), CompareCommand.Create() }.Parse(line).Invoke();

    // A folder of the same sizes with other weights, made up from a seed.
    private VoxCpmParityModel Open(string golden, ulong seed)
    {
        using var opened = new VoxCpmGolden(golden);
        var path = Directory.CreateDirectory(folder.File($"seed{seed}")).FullName;
        MadeUpCheckpoint.Write(opened.Config, path, bin: false, seed);
        foreach (var file in new[] { "config.json", "tokenizer.json", "tokenizer_config.json" }) File.Copy(Path.Combine(opened.Folder, file), Path.Combine(path, file), overwrite: true);
        return (VoxCpmParityModel)ParityModel.Open(path);
    }

    private static VoxCpmParityModel Open(string golden)
    {
        using var opened = new VoxCpmGolden(golden);
        return Assert.IsType<VoxCpmParityModel>(ParityModel.Open(opened.Folder));
    }

    private static IEnumerable<RecordedTensor> Outputs(VoxCpmNetworks networks, ModuleCall call) => networks.Part(call.Module)
        .Run(new PartInputs(name => call[name].ToTensor(ElementType.Float32), name => call[name].ToSymbols()))
        .Select(output => RecordedTensor.Of($"{call.Name}/{output.Name}", output.Value));

    private static (Plan Plan, Recording Truth) Truth(VoxCpmParityModel model)
    {
        using var oracle = KernelEngine.Oracle(model);
        var plan = model.Plan(oracle, Options, () => { }, CancellationToken.None);
        return (plan, plan.Record(oracle, model.Identity, () => { }, CancellationToken.None));
    }

    private static Recording Record(Plan plan, VoxCpmParityModel model, IParityEngine engine)
    {
        using (engine) return plan.Record(engine, model.Identity, () => { }, CancellationToken.None);
    }
}
