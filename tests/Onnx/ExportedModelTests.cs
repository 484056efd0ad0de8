// The backend over exported graphs: each part equals its definition, an utterance equals the reference's, and a folder that does not fit is refused.

using System.Text.Json.Nodes;
using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Tests.Edge;
using static Ditar.Tests.Onnx.PartComparison;

namespace Ditar.Tests.Onnx;

[Collection(OnnxCollection.Name)]
public sealed class ExportedModelTests(OnnxFixture onnx, ExportFolder folder) : IClassFixture<ExportFolder>, IDisposable
{
    // Free-running patches feed their errors back through the language model. Measured on the shipped model: 1e-6 to 2e-6 over 13 patches without growth.
    private const double UtteranceBound = 1e-5;

    // GPU kernels may use the device's own exp and tanh, good to some 1e-5. Measured on the software device: 3e-5 on latents, 1e-4 on the waveform of the
    // shipped model.
    private const double GpuBound = 3e-4;

    private readonly ExportedModel model = ExportedModel.Open(onnx.Library, folder.Graphs, new OnnxSessionOptions());

    private DitarCheckpoint Checkpoint => folder.Checkpoint;

    public void Dispose() => model.Dispose();

    [Fact]
    public void The_graphs_load_without_warnings()
    {
        model.RequireSizes(Checkpoint.Config.Model, Checkpoint.Config.Vae);
        model.Prepare();
        _ = model.EncodeAudio(Random(1, 1, 800, 1));
        Assert.Equal(GraphNames.All.Order(), model.Sessions.Keys.Order());
        Assert.All(model.Sessions.Values, session => Assert.Empty(session.Messages));
    }

    [Fact]
    public void Each_part_equals_its_definition()
    {
        var size = Checkpoint.Model.Config;
        var (width, patch, dim) = (size.LanguageModel.Width, size.PatchSize, size.LatentDim);
        foreach (var count in new[] { 1, 5 })
        {
            int[] symbols = [.. Enumerable.Range(1, count)];
            Near(Checkpoint.Model.LanguageModel.Embed(symbols), model.Language.Embed(symbols));
            var patches = Random(2, count, patch, dim);
            Near(Checkpoint.Model.Encoder.Encode(patches), model.Encoder.Encode(patches));
            Tensor x = Random(3, count, patch, dim), h = Random(4, count, width), history = Random(5, count, size.HistoryPatches * patch, dim);
            foreach (var time in new[] { 0.3, 1 })
                Near(Checkpoint.Model.Diffusion.Begin(h, history).Velocity(x, time), model.Field.Begin(h, history).Velocity(x, time));
            var audio = Random(6, 1, count * Checkpoint.Autoencoder.Config.Hop, 1);
            Near(Checkpoint.Autoencoder.Encode(audio), model.EncodeAudio(audio));
        }

        var hidden = Random(7, 1, width);
        Assert.Equal(Checkpoint.Model.LanguageModel.StopProbability(hidden), model.Language.StopProbability(hidden), PartBound);
    }

    [Fact]
    public void The_language_model_goes_on_from_its_own_memory()
    {
        var width = Checkpoint.Model.Config.LanguageModel.Width;
        ILanguageState ours = Checkpoint.Model.LanguageModel.Start(), theirs = model.Language.Start(), other = model.Language.Start();
        foreach (var (time, seed) in new[] { (9, 1UL), (1, 2UL), (3, 3UL), (1, 4UL) })
        {
            var inputs = Random(seed, time, width);
            // Two sequences in turn: neither may see the other's memory.
            var expected = Checkpoint.Model.LanguageModel.Forward(inputs, ours);
            Near(expected, model.Language.Forward(inputs, theirs));
            Assert.Equal(ours.Length, theirs.Length);
            Near(expected, model.Language.Forward(inputs, other));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(60)]
    public void The_vocoder_gives_the_samples_of_a_whole_decode_in_any_pieces(int piece)
    {
        var latents = Random(8, 60, Checkpoint.Model.Config.LatentDim);
        var whole = Checkpoint.Autoencoder.Decode(latents.Reshape(1, 60, -1));
        var state = model.Vocoder.Start();
        var samples = new List<float>();
        for (var at = 0; at < 60; at += piece)
        {
            var count = Math.Min(piece, 60 - at);
            samples.AddRange(state.Push(latents.Slice(0, at, count), last: at + count == 60));
        }

        Assert.Equal(60 * model.Vocoder.Hop, samples.Count);
        Near(whole, Tensor.From([.. samples], whole.Shape));
        Assert.Throws<InvalidOperationException>(() => state.Push(latents, last: true));
        Assert.Empty(model.Vocoder.Start().Push(Tensor.Zeros(ElementType.Float32, 0, Checkpoint.Model.Config.LatentDim), last: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void An_utterance_equals_the_references_with_the_same_seed(int patches) => SameUtterance(model, patches, UtteranceBound);

    [WebGpuFact]
    public void An_utterance_through_gpu_kernels_equals_the_references()
    {
        using var gpu = ExportedModel.Open(onnx.Library, folder.Graphs, new OnnxSessionOptions { Provider = OnnxProvider.WebGpu, Severity = OnnxSeverity.Information });
        SameUtterance(gpu, 2, GpuBound);
        // The kernels that ran were the GPU's.
        foreach (var part in new[] { GraphNames.LanguageStep, GraphNames.Velocity, GraphNames.VaeDecoder })
            Assert.Contains(gpu.Sessions[part].Messages, message => message.Text.StartsWith("Starting program", StringComparison.Ordinal));
    }

    [Fact]
    public void Utterances_leave_nothing_behind()
    {
        _ = Speak(model, 2);
        Settle();
        var before = OrtHandle.Alive;
        for (var i = 0; i < 5; i++) _ = Speak(model, 2);
        Settle();
        Assert.Equal(before, OrtHandle.Alive);

        static void Settle()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [Fact]
    public void A_folder_of_another_model_is_refused_with_the_number_that_differs()
    {
        var message = Assert.Throws<ExportManifestException>(() => model.RequireSizes(Checkpoint.Config.Model with { HistoryPatches = 3 }, Checkpoint.Config.Vae)).Message;
        Assert.Contains("model.history_patches", message);
        Assert.Contains("3", message);
        Assert.Contains("vae.inverse_stft.width", Assert.Throws<ExportManifestException>(() => model.RequireSizes(
            Checkpoint.Config.Model, Checkpoint.Config.Vae with { InverseStft = Checkpoint.Config.Vae.InverseStft with { Width = 10 } })).Message);
    }

    [Fact]
    public void A_folder_of_other_weights_of_the_same_sizes_is_refused()
    {
        model.RequireModel(Checkpoint);
        // One weight more than nothing: the stop head's bias.
        var other = DitarCheckpoint.Load(TinyCheckpoint.Write(Path.Combine(folder.Root, "other"), 1, ExportFolder.Model, ExportFolder.Vae));
        var message = Assert.Throws<ExportManifestException>(() => model.RequireModel(other)).Message;
        Assert.Contains(WeightHash.Of(other.Model, other.Autoencoder), message);
        Assert.Contains(model.Manifest.WeightHash, message);
        Assert.Contains("other weights", message);
    }

    [Fact]
    public void Damaged_and_exchanged_files_are_named()
    {
        var cut = folder.Copy();
        var path = Path.Combine(cut, $"{GraphNames.Velocity}.onnx");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..1000]);
        Refused<OnnxGraphException>(cut, path);

        var exchanged = folder.Copy();
        File.Copy(Path.Combine(exchanged, $"{GraphNames.PatchEncoder}.onnx"), Path.Combine(exchanged, $"{GraphNames.Stop}.onnx"), overwrite: true);
        Refused<OnnxGraphException>(exchanged, $"{GraphNames.Stop}.onnx", "\"hidden\"", "patches");

        var missing = folder.Copy();
        File.Delete(Path.Combine(missing, $"{GraphNames.LanguageStep}.onnx"));
        Refused<ExportManifestException>(missing, $"{GraphNames.LanguageStep}.onnx");

        var unlisted = folder.Copy();
        Change(unlisted, manifest => manifest["graphs"]!.AsArray().RemoveAt(0));
        Refused<ExportManifestException>(unlisted, GraphNames.All[0]);

        // The manifest promises other sizes than the graphs have.
        var wider = folder.Copy();
        Change(wider, manifest => manifest["model"]!["language_model"]!["width"] = 24);
        Refused<OnnxGraphException>(wider, "[?, 24]", "[n, 16]");

        Refused<ExportManifestException>(Path.Combine(folder.Root, "nowhere"), ExportManifest.FileName);
    }

    [Fact]
    public void An_output_of_another_shape_is_refused_where_it_appears()
    {
        // The file leaves open how many numbers it gives, and then gives two for one.
        var liar = folder.Copy();
        File.WriteAllBytes(Path.Combine(liar, $"{GraphNames.Stop}.onnx"), SmallGraph.Write(
            [new("hidden", OnnxElementType.Float32, "n", $"{Checkpoint.Model.Config.LanguageModel.Width}")],
            [
                new("ArgMax", ["hidden"], ["largest"], ("axis", 1)), new("Cast", ["largest"], ["one"], ("to", (long)OnnxElementType.Float32)),
                new("Concat", ["one", "one"], ["probability"], ("axis", 0)),
            ],
            [new("probability", OnnxElementType.Float32, "many", "1")]));
        using var other = ExportedModel.Open(onnx.Library, liar, new OnnxSessionOptions());
        var fault = Assert.Throws<OnnxGraphException>(() => other.Language.StopProbability(Random(1, 1, Checkpoint.Model.Config.LanguageModel.Width)));
        Assert.Equal("probability", fault.Tensor);
        Assert.Contains("[1, 1]", fault.Message);
    }

    [Fact]
    public void Symbols_that_are_none_are_refused()
    {
        foreach (var symbol in new[] { -1, Checkpoint.Model.Config.Symbols })
            Assert.Throws<ArgumentOutOfRangeException>(() => model.Language.Embed([symbol]));
    }

    private static void Change(string folder, Action<JsonNode> change)
    {
        var path = Path.Combine(folder, ExportManifest.FileName);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        change(manifest);
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private void Refused<T>(string graphs, params string[] told) where T : Exception
    {
        var fault = Assert.Throws<T>(() =>
        {
            using var other = ExportedModel.Open(onnx.Library, graphs, new OnnxSessionOptions());
            other.Prepare();
        });
        foreach (var part in told) Assert.Contains(part, fault.Message);
    }

    private void SameUtterance(ExportedModel graphs, int patches, double bound)
    {
        var reference = new GenerationLoop(Checkpoint.Model, new VaeVocoder(Checkpoint.Autoencoder), Checkpoint.Tokenizer.AudioStartId).Generate(Request(patches)).ToList();
        var spoken = Speak(graphs, patches);
        Assert.Equal(patches, spoken.Count);
        for (var i = 0; i < patches; i++)
        {
            Near(reference[i].Latents, spoken[i].Latents, bound);
            Assert.Equal(reference[i].StopProbability, spoken[i].StopProbability, bound);
        }

        Near(Wave(reference), Wave(spoken), bound);

        static Tensor Wave(List<GeneratedPatch> speech)
        {
            float[] samples = [.. speech.SelectMany(patch => patch.Samples)];
            return Tensor.From(samples, samples.Length);
        }
    }

    private List<GeneratedPatch> Speak(ExportedModel graphs, int patches) =>
        [.. new GenerationLoop(graphs.Encoder, graphs.Language, graphs.Field, graphs.Vocoder, PatchShape.Of(Checkpoint.Model.Config), Checkpoint.Tokenizer.AudioStartId).Generate(Request(patches))];

    private GenerationRequest Request(int patches) => new(Checkpoint.Tokenizer.Encode("seven three nine").Ids, new SamplerOptions { Steps = 3, Guidance = 1, Temperature = 1, Seed = 3 })
    {
        Prompt = new SpeechPrompt(Checkpoint.Tokenizer.Encode("one two three ").Ids, Checkpoint.Voices[0].Latents),
        MinPatches = patches,
        MaxPatches = patches,
    };
}
