// VoxCPM folders as graphs: every part of both recorded checkpoints computes in ONNX Runtime what the definition does, at sizes at which it was not traced.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Parity.Export;

[Collection(OnnxCollection.Name)]
public class VoxCpmExportTests(OnnxFixture onnx)
{
    private const double Bound = 1e-5;

    // Sizes in the order of the graph's symbols.
    private static readonly (string Name, int[] Small, int[] Large)[] Graphs =
    [
        (GraphNames.TextEmbedding, [1], [29]),
        (GraphNames.PatchEncoder, [1], [13]),
        (VoxCpmGraphNames.BasePrefill, [1], [37]),
        (VoxCpmGraphNames.BaseStep, [40, 1], [1, 9]),
        (VoxCpmGraphNames.Quantiser, [1], [17]),
        (VoxCpmGraphNames.ResidualInput, [1], [17]),
        (VoxCpmGraphNames.ResidualPrefill, [1], [37]),
        (VoxCpmGraphNames.ResidualStep, [40, 1], [1, 9]),
        (VoxCpmGraphNames.Condition, [1], [5]),
        (VoxCpmGraphNames.Velocity, [1], [4]),
        (VoxCpmGraphNames.Stop, [1], [17]),
        (GraphNames.VaeEncoder, [1, 1], [2, 17]),
        (GraphNames.VaeDecoder, [1, 1], [2, 17]),
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var folder in VoxCpmGolden.Folders)
                foreach (var (name, _, _) in Graphs) data.Add(folder, name);
            return data;
        }
    }

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_part_equals_the_definition_at_other_sizes(string golden, string name)
    {
        using var folder = new TemporaryFolder();
        var source = Source(golden);
        var graph = Assert.Single(OnnxExport.Run(folder.Path, source, new ExportOptions { Parts = [name], Intermediates = true }).Graphs);
        var definition = GraphDefinition.Of(name, source);
        var (_, small, large) = Graphs.Single(each => each.Name == name);
        foreach (var optimization in new[] { OnnxOptimization.None, OnnxOptimization.All })
        {
            using var session = OnnxSession.Load(onnx.Library, folder.File(graph.File), new OnnxSessionOptions { Optimization = optimization });
            Assert.Empty(session.Messages);
            foreach (var sizes in new[] { small, large }) Assert.True(GraphRun.AssertEqual(session, definition.Prepare(sizes), Bound) >= 1);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_part_is_exported_by_official_sizes_with_weights_under_our_names(string golden)
    {
        using var folder = new TemporaryFolder();
        var source = Source(golden);
        OnnxExport.Run(folder.Path, source, new ExportOptions());
        var manifest = ExportManifest.Read(folder.Path);
        Assert.Equal(VoxCpmGraphNames.All, manifest.Graphs.Select(graph => graph.Name));
        Assert.Equal(Graphs.Select(graph => graph.Name), manifest.Graphs.Select(graph => graph.Name));
        Assert.Equal(ParityModel.Open(Path(golden)).Identity.Sizes, ModelSizes.Json(manifest.VoxCpm!));
        var written = manifest.Graphs.SelectMany(graph => Ditar.Parity.OnnxFiles.OnnxSummary.Read(folder.File(graph.File)).Weights).ToHashSet(StringComparer.Ordinal);
        var networks = (VoxCpmNetworks)source.Networks;
        Assert.All(networks.Model.Parameters, parameter => Assert.Contains(parameter.Key, written));
        // Rate tables reach the graph as the one row that the output rate chooses.
        Assert.All(networks.Vae.Parameters.Where(parameter => !parameter.Key.Contains("sr_cond_model", StringComparison.Ordinal)), parameter => Assert.Contains(parameter.Key, written));
    }

    [Fact]
    public void Matrices_in_half_the_space_keep_their_rounding()
    {
        using var folder = new TemporaryFolder();
        var source = Source(VoxCpmGolden.Folders[0]);
        var manifest = OnnxExport.Run(folder.Path, source, new ExportOptions { Parts = [VoxCpmGraphNames.BaseStep], Weights = WeightPrecision.Float16, External = true });
        using var session = OnnxSession.Load(onnx.Library, folder.File(manifest.Graphs[0].File));
        GraphRun.AssertEqual(session, GraphDefinition.Of(VoxCpmGraphNames.BaseStep, source).Prepare([7, 2]), 8 * Math.Pow(2, -11));
    }

    [Fact]
    public void An_export_of_one_kind_is_not_taken_for_the_other()
    {
        using var folder = new TemporaryFolder();
        var path = Path(VoxCpmGolden.Folders[0]);
        var voxcpm = ParityModel.Open(path);
        var manifest = OnnxExport.Run(folder.Path, ExportSource.Of(voxcpm), new ExportOptions());
        Assert.Contains("DiTAR", Assert.Throws<ExportManifestException>(() => ExportedModel.Open(onnx.Library, folder.Path, new OnnxSessionOptions())).Message, StringComparison.Ordinal);
        var ditar = ParityModel.Random("small", Edge.TinyCheckpoint.Model, Edge.TinyCheckpoint.Vae, 5);
        Assert.Contains("sizes", Assert.Throws<RecordingException>(() => GraphEngine.RequireModel(ditar, folder.Path, manifest)).Message, StringComparison.Ordinal);
        Assert.Contains("export again", Refused("\"format\": 2", "\"format\": 1"), StringComparison.Ordinal);
        Assert.Contains("base_prefill", Refused("\"name\": \"base_step\"", "\"name\": \"base_prefill\""), StringComparison.Ordinal);
        Assert.Contains("language_step", Refused("\"name\": \"base_step\"", "\"name\": \"language_step\""), StringComparison.Ordinal);
        Assert.Contains("another model", Refused("\"vae\": null,", "\"vae\": {},"), StringComparison.Ordinal);
        Assert.Contains("sizes of a model", Change(whole => whole[..whole.IndexOf("\"vox_cpm\"", StringComparison.Ordinal)] + whole[whole.IndexOf("\"graphs\"", StringComparison.Ordinal)..]), StringComparison.Ordinal);

        string Refused(string text, string instead) => Change(whole => whole.Replace(text, instead, StringComparison.Ordinal));

        string Change(Func<string, string> change)
        {
            manifest.Write(folder.Path);
            var file = folder.File(ExportManifest.FileName);
            var whole = File.ReadAllText(file);
            var changed = change(whole);
            Assert.NotEqual(whole, changed);
            File.WriteAllText(file, changed);
            return Assert.Throws<ExportManifestException>(() => ExportManifest.Read(folder.Path)).Message;
        }
    }

    [Fact]
    public void Noise_that_follows_the_length_is_no_graph()
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.Two, bin: false);
        var source = ExportSource.Of(ParityModel.Open(folder.Path));
        var fault = Assert.Throws<ExportException>(() => OnnxExport.Run(folder.File("onnx"), source, new ExportOptions { Parts = [GraphNames.VaeDecoder] }));
        Assert.Contains("decoder", fault.Message, StringComparison.Ordinal);
        Assert.Contains("changes with the input", fault.Message, StringComparison.Ordinal);
        Assert.Equal(VoxCpmGraphNames.All.Count - 1, OnnxExport.Run(
            folder.File("rest"), source, new ExportOptions { Parts = [.. VoxCpmGraphNames.All.Where(name => name != GraphNames.VaeDecoder)] }).Graphs.Count);
    }

    private static string Path(string golden)
    {
        using var opened = new VoxCpmGolden(golden);
        return opened.Folder;
    }

    private static ExportSource Source(string golden)
    {
        var model = ParityModel.Open(Path(golden));
        Assert.IsType<VoxCpmParityModel>(model);
        return ExportSource.Of(model);
    }
}
