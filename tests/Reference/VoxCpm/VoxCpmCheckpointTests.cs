// Official folders end to end on made-up weights: both file formats, every option, strict names, LoRA, and limits.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Reference.VoxCpm;

public class VoxCpmCheckpointTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BothFormatsHoldTheSameModel(bool two)
    {
        using TemporaryFolder torch = new(), safetensors = new();
        SmallVoxCpm.Write(torch, two ? SmallVoxCpm.Two : SmallVoxCpm.One, bin: true);
        SmallVoxCpm.Write(safetensors, two ? SmallVoxCpm.Two : SmallVoxCpm.One, bin: false);
        using VoxCpmCheckpoint first = VoxCpmCheckpoint.Open(torch.Path), second = VoxCpmCheckpoint.Open(safetensors.Path);
        Assert.IsType<TorchFile>(first.ModelWeights);
        Assert.IsType<SafetensorsFile>(second.ModelWeights);
        Assert.All(first.ModelWeights.Entries, entry => Assert.Equal(SafetensorsType.BF16, entry.Type));
        var (a, b) = (first.ReadModel().Parameters, second.ReadModel().Parameters);
        Assert.Equal(VoxCpmLayout.Of(first.Config).Count, a.Count);
        foreach (var (x, y) in a.Zip(b))
        {
            Assert.Equal(x.Key, y.Key);
            Assert.Equal(x.Value.ToSingles(), y.Value.ToSingles());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AMadeUpModelSpeaksAndStreams(bool two)
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, two ? SmallVoxCpm.Two : SmallVoxCpm.One, bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        var (model, vae) = (checkpoint.ReadModel(), checkpoint.ReadVae());
        var speaker = new VoxCpmSpeaker(model, checkpoint.Tokenizer, vae.Vocoder());
        var options = new VoxCpmOptions { Steps = 3, MinLength = 2, MaxLength = 5 };
        var prompt = VoxCpmVoice.EncodePrompt(vae, Sine(50), checkpoint.Config.PatchSize);
        var voice = new VoxCpmVoice("ab", prompt, two ? VoxCpmVoice.EncodeReference(vae, Sine(31), checkpoint.Config.PatchSize) : null);
        var request = speaker.Request("hello", voice, options, new TorchCpuNoise(3));
        var patches = speaker.Generate(request).ToList();
        Assert.InRange(patches.Count, 4, 5);
        Assert.True(patches[^1].Last);

        // The samples of the stream are those of one decode of the prompt's end and the patches.
        var context = Math.Min(speaker.VocoderContext, prompt[0]);
        var frames = Tensor.Concat(0, [prompt.Slice(0, prompt[0] - context, context).Reshape(-1, prompt[2]), .. patches.Select(patch => patch.Latents)]);
        var whole = vae.Decoder.Forward(frames.Reshape(1, frames[0], frames[1])).ToSingles()[(context * prompt[1] * checkpoint.Config.Vae.DecoderHop)..];
        float[] stream = [.. patches.SelectMany(patch => patch.Samples)];
        Assert.Equal(whole, stream);
        Assert.Equal(stream, speaker.Generate(request).SelectMany(patch => patch.Samples));
    }

    [Fact]
    public void ReferencesNeedVersionTwoAndPromptsTheirText()
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.One, bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        var (model, vae) = (checkpoint.ReadModel(), checkpoint.ReadVae());
        var speaker = new VoxCpmSpeaker(model, checkpoint.Tokenizer, null);
        var audio = VoxCpmVoice.EncodePrompt(vae, Sine(40), 2);
        foreach (var voice in new VoxCpmVoice[] { new(null, null, audio), new("a", null, null), new(null, audio, null) })
            Assert.Throws<ArgumentException>(() => speaker.Request("a", voice, new VoxCpmOptions(), new SeededNoise(1)));
        Assert.Throws<ArgumentException>(() => VoxCpmSpeaker.Folded(" \n\t"));
        Assert.Equal("a b c ", VoxCpmSpeaker.Folded("a\n\n b\u00a0c\r\n"));
    }

    [Fact]
    public void LimitsFollowTheText()
    {
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.One, bin: false);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        var speaker = new VoxCpmSpeaker(checkpoint.ReadModel(), checkpoint.Tokenizer, null);
        var tokens = checkpoint.Tokenizer.Encode("hello").Length;
        var request = speaker.Request("hello", VoxCpmVoice.None, new VoxCpmOptions { LongestRatio = 1.5 }, new SeededNoise(1));
        Assert.Equal((int)((tokens * 1.5) + 10), request.MaxPatches);
        Assert.Equal(4, request.MinPatches);
        Assert.Equal(3, speaker.Request("hello", VoxCpmVoice.None, new VoxCpmOptions { MaxLength = 3 }, new SeededNoise(1)).MinPatches);
        Assert.True(speaker.RunsOn("hello", tokens * 6, new VoxCpmOptions()));
        Assert.False(speaker.RunsOn("hello", (tokens * 6) - 1, new VoxCpmOptions()));
    }

    [Fact]
    public void MissingAndUnexpectedTensorsAreAllListed()
    {
        using var folder = new TemporaryFolder();
        var config = SmallVoxCpm.Write(folder, SmallVoxCpm.One, bin: false);
        var writer = new SafetensorsWriter();
        foreach (var tensor in VoxCpmLayout.Of(config).Where(tensor => tensor.Name is not ("stop_head.weight" or "base_lm.norm.weight")))
        {
            long[] shape = tensor.Name == "fsq_layer.in_proj.bias" ? [7] : [.. tensor.Shape];
            writer.Add(tensor.Name, shape, new float[shape.Aggregate(1L, (product, extent) => product * extent)]);
        }

        writer.Add("intruder", [1], new float[1]);
        writer.Save(folder.File("model.safetensors"));
        var fault = Assert.Throws<CheckpointException>(() => VoxCpmCheckpoint.Open(folder.Path));
        foreach (var part in new[] { "2 missing", "stop_head.weight", "base_lm.norm.weight", "1 unexpected", "intruder", "1 of another shape", "fsq_layer.in_proj.bias [7] for [4]" })
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoraIsMerged()
    {
        using TemporaryFolder folder = new(), adapted = new();
        var config = SmallVoxCpm.Write(folder, SmallVoxCpm.One, bin: false);
        float[] a = [.. Enumerable.Range(0, 16).Select(i => (i - 7) / 8f)], b = [.. Enumerable.Range(0, 16).Select(i => (5 - i) / 4f)];
        var writer = new SafetensorsWriter();
        writer.Add("base_lm.layers.0.self_attn.q_proj._orig_mod.lora_A", [2, 8], a);
        writer.Add("base_lm.layers.0.self_attn.q_proj.lora_B", [8, 2], b);
        writer.Save(adapted.File("lora_weights.safetensors"));
        File.WriteAllText(adapted.File("lora_config.json"), """{"base_model":"x","lora_config":{"r":99,"alpha":3}}""");
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        using var lora = LoraWeights.Open(adapted.Path, config);
        var (plain, merged) = (checkpoint.ReadModel(ElementType.Float64), checkpoint.ReadModel(ElementType.Float64, lora));
        foreach (var (x, y) in plain.Parameters.Zip(merged.Parameters))
        {
            var expected = x.Value.ToDoubles();
            if (x.Key == "language_model.base.layers.0.attention.query.weight")
            {
                for (var row = 0; row < 8; row++)
                {
                    var official = VoxCpmLayout.OfficialRow(row, config.Base.HeadDim);
                    for (var i = 0; i < 8; i++)
                        for (var k = 0; k < 2; k++) expected[(row * 8) + i] += 1.5 * b[(official * 2) + k] * a[(k * 8) + i];
                }

                Assert.NotEqual(x.Value.ToDoubles(), y.Value.ToDoubles());
            }

            Assert.All(expected.Zip(y.Value.ToDoubles()), pair => Assert.Equal(pair.First, pair.Second, Tolerances.FewFloat64Operations));
        }

        var stray = new SafetensorsWriter();
        stray.Add("feat_encoder.encoder.layers.7.self_attn.q_proj.lora_A", [2, 8], a);
        stray.Save(adapted.File("lora_weights.safetensors"));
        Assert.Throws<CheckpointException>(() => LoraWeights.Open(adapted.Path, config));
    }

    private static float[] Sine(int samples) => [.. Enumerable.Range(0, samples).Select(i => MathF.Sin(i * 0.7f) * 0.4f)];
}
