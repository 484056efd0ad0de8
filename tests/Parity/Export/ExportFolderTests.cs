// What an export leaves in a folder: whole graphs and a manifest, or nothing that could be taken for them.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Parity.OnnxFiles;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity.Export;

public class ExportFolderTests(ExportFixture export) : IClassFixture<ExportFixture>
{
    private static readonly ExportOptions Quick = new() { Parts = [GraphNames.Stop, GraphNames.TextEmbedding] };

    [Fact]
    public void The_manifest_tells_what_the_graphs_say()
    {
        var manifest = ExportManifest.Read(export.Folder);
        Assert.Equal(((DitarNetworks)export.Source.Networks).Model.Config, manifest.Model);
        Assert.Equal(GraphNames.All, manifest.Graphs.Select(graph => graph.Name));
        foreach (var graph in manifest.Graphs)
        {
            var summary = OnnxSummary.Read(Path.Combine(export.Folder, graph.File));
            Assert.Equal((OnnxModel.IrVersion, OnnxModel.Opset), (summary.IrVersion, summary.Opset));
            Assert.Equal(graph.Inputs.Select(port => port.Name), summary.Inputs);
            Assert.Equal(graph.Outputs.Select(port => port.Name), summary.Outputs);
            Assert.Empty(summary.DataFiles);
        }
    }

    [Fact]
    public void Weights_and_nodes_carry_the_names_of_the_model()
    {
        var summaries = GraphNames.All.ToDictionary(name => name, name => OnnxSummary.Read(Path.Combine(export.Folder, export.Manifest.Graph(name).File)));
        var written = summaries.Where(s => s.Key is not (GraphNames.VaeEncoder or GraphNames.VaeDecoder)).SelectMany(s => s.Value.Weights).ToHashSet();
        Assert.All(((DitarNetworks)export.Source.Networks).Model.Parameters, parameter => Assert.Contains(parameter.Key, written));
        var vae = summaries[GraphNames.VaeEncoder].Weights.Concat(summaries[GraphNames.VaeDecoder].Weights).ToHashSet();
        Assert.All(((DitarNetworks)export.Source.Networks).Autoencoder.Parameters, parameter => Assert.Contains(parameter.Key, vae));
        Assert.Contains(("language_model.transformer.layers.3.attention.query/MatMul", "MatMul"), summaries[GraphNames.LanguageStep].Nodes);
    }

    [Fact]
    public void External_weights_are_named_and_lie_on_pages()
    {
        using var folder = new TemporaryFolder();
        var manifest = OnnxExport.Run(folder.Path, export.Source, new ExportOptions { Parts = [GraphNames.PatchEncoder], External = true });
        Assert.Equal("patch_encoder.onnx.data", manifest.Graphs[0].DataFile);
        Assert.Equal(["patch_encoder.onnx.data"], OnnxSummary.Read(folder.File("patch_encoder.onnx")).DataFiles);
        Assert.True(new FileInfo(folder.File("patch_encoder.onnx")).Length < 100_000);
        Assert.True(new FileInfo(folder.File("patch_encoder.onnx.data")).Length > 1_000_000);
        Assert.Equal(manifest.Graphs[0].DataFile, ExportManifest.Read(folder.Path).Graphs[0].DataFile);
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        using TemporaryFolder one = new(), other = new();
        foreach (var folder in new[] { one, other }) OnnxExport.Run(folder.Path, export.Source, Quick with { Parts = [GraphNames.PatchEncoder] });
        Assert.Equal(File.ReadAllBytes(one.File("patch_encoder.onnx")), File.ReadAllBytes(other.File("patch_encoder.onnx")));
    }

    [Fact]
    public void An_earlier_export_is_replaced_only_by_force_and_then_wholly()
    {
        using var folder = new TemporaryFolder();
        OnnxExport.Run(folder.Path, export.Source, Quick with { External = true });
        var error = Assert.Throws<ExportException>(() => OnnxExport.Run(folder.Path, export.Source, Quick));
        Assert.Contains("--force", error.Message, StringComparison.Ordinal);
        OnnxExport.Run(folder.Path, export.Source, Quick with { Force = true, Parts = [GraphNames.Stop] });
        Assert.Equal(["manifest.json", "stop.onnx"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_cancelled_export_leaves_no_manifest_and_no_half_file()
    {
        foreach (var external in new[] { false, true })
        {
            using var folder = new TemporaryFolder();
            using var source = new CancellationTokenSource();
            var options = new ExportOptions { Parts = [GraphNames.Stop, GraphNames.PatchEncoder], External = external };
            Assert.Throws<OperationCanceledException>(() => OnnxExport.Run(folder.Path, export.Source, options, new Stopper(source, 100_000), source.Token));
            Assert.DoesNotContain(Directory.GetFiles(folder.Path), file => !Path.GetFileName(file).StartsWith("stop.onnx", StringComparison.Ordinal));
            Assert.Throws<ExportManifestException>(() => ExportManifest.Read(folder.Path));
        }
    }

    [Fact]
    public void A_file_in_the_folders_place_and_a_part_that_is_none_are_refused()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("taken", [1]);
        Assert.Contains("is a file", Assert.Throws<IOException>(() => OnnxExport.Run(file, export.Source, Quick)).Message, StringComparison.Ordinal);
        OnnxExport.Run(folder.Path, export.Source, Quick);
        Assert.Throws<ArgumentException>(() => OnnxExport.Run(folder.Path, export.Source, new ExportOptions { Parts = ["lungs"], Force = true }));
        Assert.Equal(2, ExportManifest.Read(folder.Path).Graphs.Count);
    }

    [Theory]
    [InlineData("\"format\": 2", "\"format\": 3", "newer program")]
    [InlineData("\"format\": 2", "\"format\": 1", "export again")]
    [InlineData("\"weight_hash\": \"", "\"weight_hash\": \"x", "weight_hash")]
    [InlineData("stop.onnx", "../stop.onnx", "same folder")]
    [InlineData("stop.onnx", "gone.onnx", "nothing there")]
    [InlineData("\"latent_dim\": 32", "\"latent_dim\": -32", "latents")]
    [InlineData("\"name\": \"stop\"", "\"name\": \"spot\"", "spot")]
    [InlineData("{", "[", "manifest")]
    public void A_manifest_that_is_not_ours_is_refused(string text, string instead, string reason)
    {
        using var folder = new TemporaryFolder();
        OnnxExport.Run(folder.Path, export.Source, Quick);
        var path = folder.File(ExportManifest.FileName);
        var whole = File.ReadAllText(path);
        var at = whole.IndexOf(text, StringComparison.Ordinal);
        Assert.True(at >= 0);
        File.WriteAllText(path, whole[..at] + instead + whole[(at + text.Length)..]);
        Assert.Contains(reason, Assert.Throws<ExportManifestException>(() => ExportManifest.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_graph_is_read_or_refused_and_never_more()
    {
        using var folder = new TemporaryFolder();
        OnnxExport.Run(folder.Path, export.Source, Quick);
        var whole = File.ReadAllBytes(folder.File("stop.onnx"));
        var random = new Random(5);
        var refused = 0;
        for (var i = 0; i < 2000; i++)
        {
            var bytes = whole[..(i % 2 == 0 ? whole.Length : random.Next(whole.Length))];
            for (var flips = random.Next(1, 8); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                OnnxSummary.Read(new MemoryStream(bytes), "damaged");
            }
            catch (OnnxFileException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 900, 1999);
    }

    private sealed class Stopper(CancellationTokenSource source, long after) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value)
        {
            if (value.Graph == GraphNames.PatchEncoder && value.Written > after) source.Cancel();
        }
    }
}
