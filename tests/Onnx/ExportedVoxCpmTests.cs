// VoxCPM's exported graphs behind the interfaces of the generation loop: each part equals its definition, utterances in every mode too, and a folder that does
// not fit is refused.

using System.Text.Json.Nodes;
using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;
using static Ditar.Tests.Onnx.PartComparison;

namespace Ditar.Tests.Onnx;

[Collection(OnnxCollection.Name)]
public sealed class ExportedVoxCpmTests(OnnxFixture onnx) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Folders))]
    public void Each_part_equals_its_definition_and_no_graph_warns(string golden)
    {
        using var checkpoint = Open(golden);
        using var graphs = Export(checkpoint);
        graphs.Prepare();
        var (model, vae, size) = (checkpoint.ReadModel(), checkpoint.ReadVae(), checkpoint.Config);
        var (language, width) = (model.LanguageModel, size.Base.Width);
        var grid = new VoxCpmOptions { Steps = 4 }.Sampler.Grid;
        foreach (var count in (int[])[1, 5])
        {
            int[] symbols = [.. Enumerable.Range(1, count)];
            Near(language.Embed(symbols), graphs.Language.Embed(symbols));
            var patches = Random(2, count, size.PatchSize, size.LatentDim);
            Near(model.Encoder.Encode(patches), graphs.Encoder.Encode(patches));
            Tensor x = Random(3, count, size.PatchSize, size.LatentDim), condition = Random(4, count, size.ConditionWidth), history = Random(5, count, size.PatchSize, size.LatentDim);
            foreach (var time in (double[])[0.3, 1])
                Near(model.Diffusion.On(grid).Begin(condition, history).Velocity(x, time), graphs.FieldOn(grid).Begin(condition, history).Velocity(x, time));
            var audio = Random(6, count * size.Vae.EncoderHop).ToSingles();
            Near(vae.Encode(audio), graphs.EncodeAudio(audio));
        }

        var hidden = Random(7, 1, 2 * width);
        Near(language.Condition(hidden), graphs.Language.Condition(hidden));
        Assert.Equal(language.StopProbability(hidden), graphs.Language.StopProbability(hidden), PartBound);
        Assert.Equal(VoxCpmGraphNames.All.Order(StringComparer.Ordinal), graphs.Sessions.Keys.Order(StringComparer.Ordinal));
        Assert.All(graphs.Sessions.Values, session => Assert.Empty(session.Messages));
        Assert.Throws<ArgumentOutOfRangeException>(() => graphs.Language.Embed([size.Vocabulary]));
        Assert.Throws<ArgumentException>(() => graphs.EncodeAudio(new float[size.Vae.EncoderHop + 1]));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_language_models_go_on_from_their_own_memory_of_symbols_and_patches(string golden)
    {
        using var checkpoint = Open(golden);
        using var graphs = Export(checkpoint);
        var (definition, width) = (checkpoint.ReadModel().LanguageModel, checkpoint.Config.Base.Width);
        ILanguageState ours = definition.Start(), theirs = graphs.Language.Start(), other = graphs.Language.Start();
        foreach (var (kinds, seed) in new[] { ("sssppspp", 1UL), ("p", 2UL), ("sp", 3UL), ("s", 4UL) })
        {
            bool[] patches = [.. kinds.Select(kind => kind == 'p')];
            var inputs = Random(seed, kinds.Length, width);
            var expected = definition.Forward(inputs, patches, ours);
            Near(expected, graphs.Language.Forward(inputs, patches, theirs));
            Assert.Equal(ours.Length, theirs.Length);
            // Two sequences in turn: neither may see the other's memory.
            Near(expected, graphs.Language.Forward(inputs, patches, other));
        }

        var next = Random(9, 2, width);
        Near(definition.Forward(next, ours), graphs.Language.Forward(next, theirs));
        Assert.Throws<ArgumentException>(() => graphs.Language.Forward(next, [true], theirs));
        theirs.Dispose();
        other.Dispose();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_vocoder_gives_the_samples_of_a_whole_decode_in_any_pieces(string golden)
    {
        const int Frames = 60;
        using var checkpoint = Open(golden);
        using var graphs = Export(checkpoint);
        var latents = Random(8, Frames, checkpoint.Config.LatentDim);
        var whole = checkpoint.ReadVae().Decoder.Forward(latents.Reshape(1, Frames, -1)).ToSingles();
        foreach (var piece in (int[])[1, 4, 7, Frames])
        {
            using var state = graphs.Vocoder.Start();
            var samples = new List<float>();
            for (var at = 0; at < Frames; at += piece)
            {
                var count = Math.Min(piece, Frames - at);
                samples.AddRange(state.Push(latents.Slice(0, at, count), last: at + count == Frames));
                // Nothing is waited for.
                Assert.Equal((at + count) * graphs.Vocoder.Hop, samples.Count);
            }

            Near(Tensor.From(whole, whole.Length), Tensor.From([.. samples], samples.Count));
        }

        Assert.Equal(checkpoint.Config.Vae.OutputRate, graphs.Vocoder.SampleRate);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Utterances_in_every_mode_equal_the_definitions_with_the_same_seed(string golden)
    {
        using var checkpoint = Open(golden);
        using var graphs = Export(checkpoint);
        var config = checkpoint.Config;
        var definition = new VoxCpmSpeaker(checkpoint.ReadModel(), checkpoint.Tokenizer, checkpoint.ReadVae().Vocoder());
        var exported = new VoxCpmSpeaker(config, checkpoint.Tokenizer, graphs.Encoder, graphs.Language, graphs.FieldOn, graphs.Vocoder);
        var heard = Random(1, 2, config.PatchSize, config.LatentDim);
        var voices = new List<VoxCpmVoice> { VoxCpmVoice.None, new("hello ", heard, null) };
        if (config.Version == VoxCpmVersion.Two) voices.AddRange([new(null, null, heard), new("hello ", heard, heard)]);
        foreach (var voice in voices)
        {
            var request = definition.Request("hello there", voice, new VoxCpmOptions { Steps = 4, MinLength = 5, MaxLength = 5 }, new SeededNoise(3));
            Near(Wave(definition.Generate(request)), Wave(exported.Generate(request)), Tolerances.VoxCpmWave);
            // A state that cannot be copied is read anew, and nothing is kept.
            Assert.Null(exported.Keep(request));
        }
    }

    [Fact]
    public void A_mean_mode_model_hears_how_far_each_step_goes()
    {
        SmallVoxCpm.Write(folder, SmallVoxCpm.One.Replace("\"patch_size\"", "\"dit_mean_mode\":true,\"patch_size\"", StringComparison.Ordinal), bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        Assert.True(checkpoint.Config.MeanMode);
        using var graphs = Export(checkpoint);
        var (definition, config) = (checkpoint.ReadModel().Diffusion, checkpoint.Config);
        Tensor x = Random(3, 2, config.PatchSize, config.LatentDim), condition = Random(4, 2, config.ConditionWidth), history = Random(5, 2, config.PatchSize, config.LatentDim);
        var found = new List<double>();
        foreach (var steps in (int[])[3, 12])
        {
            var grid = new VoxCpmOptions { Steps = steps }.Sampler.Grid;
            var velocity = graphs.FieldOn(grid).Begin(condition, history).Velocity(x, 1);
            Near(definition.On(grid).Begin(condition, history).Velocity(x, 1), velocity);
            found.Add(velocity.ToDoubles()[0]);
        }

        Assert.NotEqual(found[0], found[1]);
    }

    [Fact]
    public void Utterances_leave_nothing_behind()
    {
        using var checkpoint = Open(VoxCpmGolden.Folders[0]);
        using var graphs = Export(checkpoint);
        var speaker = new VoxCpmSpeaker(checkpoint.Config, checkpoint.Tokenizer, graphs.Encoder, graphs.Language, graphs.FieldOn, graphs.Vocoder);
        Speak();
        var before = OrtHandle.Alive;
        for (var i = 0; i < 3; i++) Speak();
        Assert.Equal(before, OrtHandle.Alive);

        void Speak()
        {
            _ = Wave(speaker.Generate(speaker.Request("hello", VoxCpmVoice.None, new VoxCpmOptions { Steps = 2, MinLength = 3, MaxLength = 3 }, new SeededNoise(3))));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [Fact]
    public void Graphs_of_other_weights_and_sizes_and_kinds_are_refused()
    {
        using var checkpoint = Open(VoxCpmGolden.Folders[0]);
        using var graphs = Export(checkpoint);
        graphs.RequireWeights(checkpoint);

        using var made = new TemporaryFolder();
        foreach (var file in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"]) File.Copy(Path.Combine(checkpoint.Folder, file), made.File(file));
        MadeUpCheckpoint.Write(checkpoint.Config, made.Path, bin: false, seed: 7);
        using (var other = VoxCpmCheckpoint.Open(made.Path))
            Assert.Contains("other weights of the same sizes", Assert.Throws<ExportManifestException>(() => graphs.RequireWeights(other)).Message, StringComparison.Ordinal);

        var options = new OnnxSessionOptions();
        var larger = checkpoint.Config with { PatchSize = checkpoint.Config.PatchSize + 1 };
        Assert.Contains("vox_cpm.patch_size", Assert.Throws<ExportManifestException>(() => ExportedVoxCpm.Open(onnx.Library, Graphs, larger, options)).Message, StringComparison.Ordinal);
        Assert.Contains("ditar-parity export", Assert.Throws<ExportManifestException>(() => ExportedVoxCpm.Open(onnx.Library, folder.File("none"), checkpoint.Config, options)).Message, StringComparison.Ordinal);

        var tiny = ParityModel.Random("small", Edge.TinyCheckpoint.Model, Edge.TinyCheckpoint.Vae, 5);
        OnnxExport.Run(folder.File("ditar"), ExportSource.Of(tiny), new ExportOptions());
        Assert.Contains("DiTAR's graphs", Assert.Throws<ExportManifestException>(() => ExportedVoxCpm.Open(onnx.Library, folder.File("ditar"), checkpoint.Config, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exchanged_and_missing_graphs_are_named()
    {
        using var checkpoint = Open(VoxCpmGolden.Folders[0]);
        Export(checkpoint).Dispose();
        var stop = Path.Combine(Graphs, $"{VoxCpmGraphNames.Stop}.onnx");
        File.Copy(Path.Combine(Graphs, $"{VoxCpmGraphNames.Quantiser}.onnx"), stop, overwrite: true);
        Refused<OnnxGraphException>(VoxCpmGraphNames.Stop, stop, "logits");
        File.Copy(Path.Combine(Graphs, $"{VoxCpmGraphNames.BasePrefill}.onnx"), Path.Combine(Graphs, $"{VoxCpmGraphNames.BaseStep}.onnx"), overwrite: true);
        Refused<OnnxGraphException>(VoxCpmGraphNames.BaseStep, $"{VoxCpmGraphNames.BaseStep}.onnx", "past.0.keys");

        var manifest = Path.Combine(Graphs, ExportManifest.FileName);
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["graphs"]!.AsArray().RemoveAt(0);
        File.WriteAllText(manifest, json.ToJsonString());
        Refused<ExportManifestException>(VoxCpmGraphNames.All[0], VoxCpmGraphNames.All[0]);

        void Refused<T>(string graph, params string[] told) where T : Exception
        {
            using var model = ExportedVoxCpm.Open(onnx.Library, Graphs, checkpoint.Config, new OnnxSessionOptions());
            var fault = Assert.Throws<T>(() => model.Session(graph));
            foreach (var part in told) Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    private string Graphs => folder.File("graphs");

    private ExportedVoxCpm Export(VoxCpmCheckpoint checkpoint)
    {
        OnnxExport.Run(Graphs, ExportSource.Of(ParityModel.Open(checkpoint.Folder)), new ExportOptions());
        return ExportedVoxCpm.Open(onnx.Library, Graphs, checkpoint.Config, new OnnxSessionOptions());
    }

    private static VoxCpmCheckpoint Open(string golden)
    {
        using var opened = new VoxCpmGolden(golden);
        return VoxCpmCheckpoint.Open(opened.Folder);
    }

    private static Tensor Wave(IEnumerable<GeneratedPatch> speech)
    {
        float[] samples = [.. speech.SelectMany(patch => patch.Samples)];
        return Tensor.From(samples, samples.Length);
    }
}
