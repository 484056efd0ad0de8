// Whole recorded inferences: text and wave files in, token ids, every hidden state of prefill and steps, patches, stop decisions and waveform out, through the
// one generation loop with the recorded noise. Nothing is forced: each patch feeds on the ones before it. Definitions and the fused engine alike, of which the
// latter shows what its modules hand out and nothing inside them.

using System.Text.Json;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.Golden;
using static Ditar.Tests.Tolerances;

namespace Ditar.Tests.Reference.VoxCpm;

[Trait("Category", "Golden")]
public class VoxCpmSpeechGoldenTests
{
    private const string Engine = "engine";

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var folder in VoxCpmGolden.Folders)
            {
                using var golden = new VoxCpmGolden(folder);
                foreach (var item in golden.Json.GetProperty("cases").EnumerateArray())
                    foreach (var computing in (string[])[.. Enum.GetNames<Arithmetic>(), Engine]) data.Add(folder, item.GetProperty("name").GetString()!, computing);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Speech(string folder, string name, string computing)
    {
        using var golden = new VoxCpmGolden(folder);
        using var checkpoint = VoxCpmCheckpoint.Open(golden.Folder);
        using var parts = new Parts(checkpoint, computing);
        var config = golden.Config;
        var item = golden.Json.GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        var listener = new Listener(parts);
        var speaker = new VoxCpmSpeaker(config, checkpoint.Tokenizer, parts.Encoder, listener, parts.Field, parts.Vocoder);
        var request = Request(golden, item, speaker, Voice(golden, item, parts));
        var patches = new List<GeneratedPatch>();
        foreach (var patch in speaker.Generate(request))
        {
            patches.Add(patch);
            Assert.Equal(listener.Hidden.Count, listener.StopLogits.Count);
        }

        Assert.Equal(item.GetProperty("n_patches").GetInt32(), patches.Count);
        var latents = Stack(patches.Select(patch => patch.Latents));
        golden.Near($"inf.{name}.latents", latents, VoxCpmPatch);
        golden.Near($"inf.{name}.audio", Audio(patches), VoxCpmWave);
        var flags = item.GetProperty("stop_flags").EnumerateArray().Select(flag => flag.GetInt32()).Take(patches.Count);
        Assert.Equal(flags, patches.Select(patch => patch.StopProbability > 0.5 ? 1 : 0));
        if (!golden.Contains($"inf.{name}.mu")) return;
        Prefill(golden, $"inf.{name}", listener, config);
        Steps(golden, $"inf.{name}", listener, config);
    }

    /// <summary>Version 2's own streams start from silence: the same without the prompt's end.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void StreamsWithoutContext(string folder, string name, string computing)
    {
        using var golden = new VoxCpmGolden(folder);
        if (golden.Config.Version != VoxCpmVersion.Two || !golden.Contains($"inf.{name}.stream_audio")) return;
        using var checkpoint = VoxCpmCheckpoint.Open(golden.Folder);
        using var parts = new Parts(checkpoint, computing);
        var item = golden.Json.GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        var speaker = new VoxCpmSpeaker(golden.Config, checkpoint.Tokenizer, parts.Encoder, parts.Language, parts.Field, parts.Vocoder);
        var request = Request(golden, item, speaker, Voice(golden, item, parts)) with { VocoderContext = 0 };
        golden.Near($"inf.{name}.stream_audio", Audio(speaker.Generate(request)), VoxCpmWave);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void VoicesFromFiles(string folder, string name, string computing)
    {
        using var golden = new VoxCpmGolden(folder);
        using var checkpoint = VoxCpmCheckpoint.Open(golden.Folder);
        using var parts = new Parts(checkpoint, computing);
        var item = golden.Json.GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        var voice = Voice(golden, item, parts);
        if (voice.Prompt is { } prompt) golden.Near("wav.prompt.feat", prompt, VoxCpmHidden);
        if (voice.Reference is { } reference) golden.Near("wav.reference.feat", reference, VoxCpmHidden);
    }

    private static GenerationRequest Request(VoxCpmGolden golden, JsonElement item, VoxCpmSpeaker speaker, VoxCpmVoice voice)
    {
        var options = new VoxCpmOptions
        {
            Steps = item.GetProperty("n_timesteps").GetInt32(),
            Guidance = item.GetProperty("cfg_value").GetDouble(),
            MinLength = item.GetProperty("min_len").GetInt32(),
            MaxLength = item.GetProperty("max_len").GetInt32(),
            Literals = true,
        };
        var source = item.TryGetProperty("same_noise_as", out var other) ? other.GetString() : item.GetProperty("name").GetString();
        var noise = golden.Read($"inf.{source}.noise", ElementType.Float64).Transpose(1, 2);          // [patches, P, D]
        return speaker.Request(
            item.GetProperty("target_text").GetString()!, voice, options, new GivenNoise([.. Enumerable.Range(0, noise[0]).Select(patch => noise.Slice(0, patch, 1))]));
    }

    private static VoxCpmVoice Voice(VoxCpmGolden golden, JsonElement item, Parts parts)
    {
        return new VoxCpmVoice(
            Text("prompt_text"),
            Text("prompt_wav") is { } prompt ? VoxCpmVoice.EncodePrompt(golden.Config.Vae, parts.Hear, Samples(prompt), golden.Config.PatchSize) : null,
            Text("reference_wav") is { } reference ? VoxCpmVoice.EncodeReference(golden.Config.Vae, parts.Hear, Samples(reference), golden.Config.PatchSize) : null);

        string? Text(string key) => item.TryGetProperty(key, out var value) ? value.GetString() : null;

        float[] Samples(string file)
        {
            var wave = WavFile.Read(Path.Combine(golden.Folder, file));
            Assert.Equal(golden.Config.Vae.SampleRate, wave.SampleRate);
            return wave.ToMono();
        }
    }

    private static void Prefill(VoxCpmGolden golden, string name, Listener listener, VoxCpmConfig config)
    {
        var call = listener.Calls[0];
        var ids = golden.Integers($"{name}.ids");
        Assert.Equal(golden.Integers($"{name}.audio_mask"), call.Patches.Select(patch => patch ? 1 : 0));
        var places = Enumerable.Range(0, ids.Length).ToList();
        Assert.Equal(places.Where(place => !call.Patches[place]).Select(place => ids[place]), listener.Symbols);
        golden.Near($"{name}.prefill.lm_in", call.Inputs, VoxCpmHidden);
        int[] heard = [.. places.Where(place => call.Patches[place])];
        if (heard.Length > 0)
        {
            // The official code encodes the zeros of text positions as well and throws the result away.
            var embedded = golden.Read($"{name}.prefill.feat_embed", ElementType.Float64).Gather(heard);
            golden.Near("feat_embed", embedded, call.Inputs.To(ElementType.Float64).Gather(heard), VoxCpmHidden);
        }

        golden.Near($"{name}.prefill.lm_mixed", call.Hidden.Slice(1, 0, config.Base.Width), VoxCpmHidden);
        golden.Near($"{name}.prefill.res_out", call.Hidden.Slice(1, config.Base.Width, config.Base.Width), VoxCpmHidden);
        if (!listener.HearsModules) return;
        for (var i = 0; i < config.Base.Layers; i++) golden.Near($"{name}.prefill.lm_layer{i}", call.Outputs[$"language_model.base.layers.{i}"], VoxCpmHidden);
        for (var i = 0; i < config.Residual.Layers; i++) golden.Near($"{name}.prefill.res_layer{i}", call.Outputs[$"language_model.residual.layers.{i}"], VoxCpmHidden);
        golden.Near($"{name}.prefill.lm_out", call.Outputs["language_model.base"], VoxCpmHidden);
        if (config.Version == VoxCpmVersion.Two) golden.Near($"{name}.prefill.res_in", call.Outputs["language_model.fusion"], VoxCpmHidden);
    }

    // Each step reads a patch of our own, not the recorded one.
    private static void Steps(VoxCpmGolden golden, string name, Listener listener, VoxCpmConfig config)
    {
        var (width, steps) = (config.Base.Width, listener.Calls.Skip(1).ToList());
        golden.Near($"{name}.mu", Stack(listener.Conditions.Select(condition => condition.Reshape(-1))), VoxCpmHidden);
        golden.Near($"{name}.lm_hidden", Stack(listener.Hidden.Select(hidden => hidden.Slice(1, 0, width).Reshape(-1))), VoxCpmHidden);
        golden.Near($"{name}.res_hidden", Stack(listener.Hidden.Select(hidden => hidden.Slice(1, width, width).Reshape(-1))), VoxCpmHidden);
        golden.Near($"{name}.stop_logits", Stack(listener.StopLogits.Select(logits => logits.Reshape(-1))), VoxCpmHidden);
        Near("curr_embed", call => call.Inputs);
        Near("step.lm_fsq", call => call.Hidden.Slice(1, 0, width));
        Near("step.res_out", call => call.Hidden.Slice(1, width, width));
        if (!listener.HearsModules) return;
        Near("step.lm_out", call => call.Outputs["language_model.base"]);
        if (config.Version == VoxCpmVersion.Two) Near("step.res_in", call => call.Outputs["language_model.fusion"]);

        // The official code takes a step after the last patch too.
        void Near(string tensor, Func<Call, Tensor> value) =>
            golden.Near($"{name}.{tensor}", golden.Read($"{name}.{tensor}", ElementType.Float64).Slice(0, 0, steps.Count), Stack(steps.Select(call => value(call).Reshape(-1))), VoxCpmHidden);
    }

    private static Tensor Audio(IEnumerable<GeneratedPatch> patches)
    {
        float[] samples = [.. patches.SelectMany(patch => patch.Samples)];
        return Tensor.From(samples, samples.Length);
    }

    private static Tensor Stack(IEnumerable<Tensor> parts) => Tensor.Concat(0, [.. parts.Select(part => part.To(ElementType.Float64).Reshape([1, .. part.Shape]))]);

    private sealed record Call(Tensor Inputs, bool[] Patches, Tensor Hidden, IReadOnlyDictionary<string, Tensor> Outputs);

    /// <summary>What speaks: a definition, or the engine over its packed weights.</summary>
    private sealed class Parts : IDisposable
    {
        private readonly KernelSet.Scope kernels;
        private readonly Stack<IDisposable> owned = [];

        public Parts(VoxCpmCheckpoint checkpoint, string computing)
        {
            if (computing != Engine)
            {
                var arithmetic = Enum.Parse<Arithmetic>(computing);
                kernels = arithmetic.Use();
                var model = checkpoint.ReadModel(arithmetic.Type());
                Vae = checkpoint.ReadVae(arithmetic.Type());
                (Encoder, Language, Field, Vocoder) = (model.Encoder, model.LanguageModel, model.Diffusion.On, Vae.Vocoder());
                Hear = samples => Vae.Encode(samples);
                StopLogits = hidden => model.LanguageModel.StopLogits(hidden.Slice(1, 0, model.Config.Base.Width));
                return;
            }

            kernels = KernelSet.Use(new SimdKernels());
            Vae = checkpoint.ReadVae();
            var packed = Owned(new InferenceModel(checkpoint.ReadModel(later: true), EngineFormats.All(WeightFormat.Float32)));
            var session = Owned(packed.Start());
            (Encoder, Language, Field, Vocoder) = (session.Encoder, session.Language, session.FieldOn, Owned(new FusedVocoder(Vae)));
            var ears = Owned(new FusedEncoder(Vae));
            Hear = samples => ears.Encode(samples);
            StopLogits = hidden =>
            {
                var (goOn, stop) = ((LanguagePairSession)session.Language).StopLogits(hidden);
                return Tensor.From([goOn, stop], 1, 2);
            };
        }

        public AudioVae Vae { get; }

        /// <summary>The encoder.</summary>
        public Func<float[], Tensor> Hear { get; }

        public IPatchEncoder Encoder { get; }

        public ILanguageModel Language { get; }

        public Func<TimeGrid, IVelocityField> Field { get; }

        public IVocoder Vocoder { get; }

        public Func<Tensor, Tensor> StopLogits { get; }

        public void Dispose()
        {
            while (owned.TryPop(out var part)) part.Dispose();
            kernels.Dispose();
        }

        private T Owned<T>(T part) where T : IDisposable
        {
            owned.Push(part);
            return part;
        }
    }

    /// <summary>The language model itself, overheard; what it computes dies with each step, so copies are kept.</summary>
    private sealed class Listener(Parts parts) : ILanguageModel
    {
        private readonly ILanguageModel model = parts.Language;

        /// <summary>The engine has no tensors inside.</summary>
        public bool HearsModules => model is VoxCpmLanguageModel;

        public List<Call> Calls { get; } = [];

        public List<int> Symbols { get; } = [];

        public List<Tensor> Hidden { get; } = [];

        public List<Tensor> Conditions { get; } = [];

        public List<Tensor> StopLogits { get; } = [];

        public Tensor Embed(ReadOnlySpan<int> symbols)
        {
            Symbols.AddRange(symbols);
            return model.Embed(symbols);
        }

        public ILanguageState Start() => model.Start();

        public Tensor Forward(Tensor inputs, ILanguageState state) => Forward(inputs, [true], state);

        public Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
        {
            var outputs = new ModuleOutputs();
            using var listening = Observation.Of(outputs);
            var hidden = model.Forward(inputs, patches, state);
            Calls.Add(new(inputs.Copy(), patches.ToArray(), hidden.Copy(), outputs.Copies()));
            return hidden;
        }

        public Tensor Condition(Tensor hidden)
        {
            var condition = model.Condition(hidden);
            Hidden.Add(hidden.Copy());
            Conditions.Add(condition.Copy());
            return condition;
        }

        public double StopProbability(Tensor hidden)
        {
            StopLogits.Add(parts.StopLogits(hidden).Copy());
            return model.StopProbability(hidden);
        }
    }
}
