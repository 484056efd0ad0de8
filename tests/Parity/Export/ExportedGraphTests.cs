// Exported graphs compute what the definition does, at sizes at which they were not traced, and load without a word from ONNX Runtime.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity.Export;

[Collection(OnnxCollection.Name)]
public class ExportedGraphTests(OnnxFixture onnx, ExportFixture export) : IClassFixture<ExportFixture>
{
    // What the issue asks of every output.
    private const double Bound = 1e-5;

    // Sizes in the order of the graph's symbols.
    public static TheoryData<string, int[], int[]> Graphs { get; } = new()
    {
        { GraphNames.TextEmbedding, [1], [29] },
        { GraphNames.PatchEncoder, [1], [13] },
        { GraphNames.LanguagePrefill, [1], [37] },
        { GraphNames.LanguageStep, [40, 1], [1, 9] },
        { GraphNames.Velocity, [1], [4] },
        { GraphNames.Stop, [1], [17] },
        { GraphNames.VaeEncoder, [1, 1], [2, 17] },
        { GraphNames.VaeDecoder, [1, 1], [2, 17] },
    };

    [Theory]
    [MemberData(nameof(Graphs))]
    public void A_graph_equals_the_definition_at_other_sizes(string name, int[] small, int[] large)
    {
        foreach (var optimization in new[] { OnnxOptimization.None, OnnxOptimization.All })
        {
            var graph = export.Manifest.Graph(name);
            using var session = OnnxSession.Load(onnx.Library, Path.Combine(export.Folder, graph.File), new OnnxSessionOptions { Optimization = optimization });
            Assert.Empty(session.Messages);
            Assert.Equal(graph.Inputs.Select(port => port.Name), session.Inputs.Select(port => port.Name));
            Assert.Equal(graph.Outputs.Select(port => port.Name), session.Outputs.Select(port => port.Name));
            var definition = GraphDefinition.Of(name, export.Source);
            foreach (var sizes in new[] { small, large })
                Assert.True(GraphRun.AssertEqual(session, definition.Prepare(sizes), Bound) > definition.Symbols.Count);
            Assert.Empty(session.Messages);
        }
    }

    [Fact]
    public void Every_graph_has_a_case() => Assert.Equal(GraphNames.All, Graphs.Select(row => (string)row[0]));

    [Fact]
    public void Intermediates_are_named_as_modules_and_are_only_there_when_asked_for()
    {
        var step = export.Manifest.Graph(GraphNames.LanguageStep);
        Assert.Contains("language_model.transformer.layers.5.attention.query", step.Outputs.Select(port => port.Name));
        Assert.Contains("language_model", step.Outputs.Select(port => port.Name));
        Assert.Contains("decoder.frame_blocks.4.norm", export.Manifest.Graph(GraphNames.VaeDecoder).Outputs.Select(port => port.Name));
        using var folder = new TemporaryFolder();
        var lean = OnnxExport.Run(folder.Path, export.Source, new ExportOptions { Parts = [GraphNames.LanguageStep] });
        Assert.Equal(["hidden", .. Enumerable.Range(0, 6).SelectMany(i => new[] { $"present.{i}.keys", $"present.{i}.values" })], lean.Graphs[0].Outputs.Select(port => port.Name));
        Assert.Equal(["1", "past + time", "3", "64"], lean.Graphs[0].Outputs[1].Shape);
    }

    [Theory]
    [InlineData(VaeConfig.InverseStftKind)]
    [InlineData(VaeConfig.BigVganKind)]
    public void Both_decoders_are_graphs(string decoder)
    {
        var source = Random(Reference.Vae.TinyVae.Config(decoder), FeedForwardKind.Gelu, history: 1);
        AssertGraph(GraphDefinition.Of(GraphNames.VaeDecoder, source), source, new ExportOptions(), Bound, [1, 2], [3, 11]);
        AssertGraph(GraphDefinition.Of(GraphNames.VaeEncoder, source), source, new ExportOptions(), Bound, [1, 2], [3, 11]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Other_histories_and_gated_feed_forward_are_graphs(int history)
    {
        var source = Random(Reference.Vae.TinyVae.Config(VaeConfig.InverseStftKind), FeedForwardKind.SwiGlu, history);
        AssertGraph(GraphDefinition.Of(GraphNames.Velocity, source), source, new ExportOptions { Intermediates = true }, Bound, [1], [6]);
        AssertGraph(GraphDefinition.Of(GraphNames.LanguagePrefill, source), source, new ExportOptions { Intermediates = true }, Bound, [2], [11]);
    }

    [Fact]
    public void Weights_beside_the_graph_and_halved_weights_compute_the_same()
    {
        foreach (var name in new[] { GraphNames.PatchEncoder, GraphNames.VaeDecoder })
        {
            var definition = GraphDefinition.Of(name, export.Source);
            int[] sizes = [.. definition.Symbols.Select(symbol => symbol.First + 4)];
            AssertGraph(definition, export.Source, new ExportOptions { External = true }, Bound, sizes);

            // A float16 is off by at most 2^-11 of itself, at random; outputs may be off by a small multiple of that.
            AssertGraph(definition, export.Source, new ExportOptions { Weights = WeightPrecision.Float16 }, 8 * Math.Pow(2, -11), sizes);
        }
    }

    private void AssertGraph(GraphDefinition definition, ExportSource source, ExportOptions options, double bound, params int[][] sizes)
    {
        using var folder = new TemporaryFolder();
        var manifest = OnnxExport.Run(folder.Path, source, options with { Parts = [definition.Name] });
        var graph = Assert.Single(manifest.Graphs);
        Assert.Equal(options.External, graph.DataFile is not null);
        using var session = OnnxSession.Load(onnx.Library, folder.File(graph.File));
        Assert.Empty(session.Messages);
        foreach (var size in sizes) Assert.True(GraphRun.AssertEqual(session, definition.Prepare(size), bound) > 0);
    }

    private static ExportSource Random(VaeConfig vae, FeedForwardKind kind, int history)
    {
        var config = new DitarConfig
        {
            Symbols = 5,
            LatentDim = vae.LatentDim,
            PatchSize = 2,
            HistoryPatches = history,
            HeadDim = 4,
            MaxPositions = 32,
            FeedForwardKind = kind,
            Encoder = new(1, 8, 2, 12),
            LanguageModel = new(2, 8, 2, 12),
            Diffusion = new(2, 8, 2, 12),
        };
        return new ExportSource(
            "small", 1, new DitarNetworks(new DitarModel(new Ditar.Parity.RandomWeights(1), config), new Autoencoder(new Ditar.Parity.RandomWeights(2).Root, vae)));
    }
}
