// A model of either kind as `ditar bench` sees it: it speaks a fixed text for as many patches as it is told. The stop head is not heard (that of made-up
// weights fires at random), so every weight format does the same work.

using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal abstract class BenchedModel : IDisposable
{
    /// <summary>A sentence of ordinary length.</summary>
    public const string Text = "The quick brown fox jumps over the lazy dog while the band plays on.";

    /// <summary>What computes.</summary>
    public abstract string Engine { get; }

    public abstract long NativeBytes { get; }

    /// <summary>In Hz.</summary>
    public abstract int SampleRate { get; }

    public abstract int PatchSamples { get; }

    public abstract int Steps { get; }

    protected abstract IKernels Kernels { get; }

    public static BenchedModel Load(string folder, SpeechBackend backend, int? steps) =>
        VoxCpmCheckpoint.IsOne(folder) ? new Official(OfficialEngine.Start(backend, folder), steps) : new Own(DitarCheckpoint.Load(folder), backend, steps);

    /// <param name="patches">How many, or as many as the model has positions for.</param>
    public IEnumerable<GeneratedPatch> Speak(int patches, IProgress<GenerationProgress> progress, CancellationToken cancellation) =>
        Generate(patches, progress, cancellation).OnKernels(Kernels);

    public abstract void Dispose();

    protected abstract IEnumerable<GeneratedPatch> Generate(int patches, IProgress<GenerationProgress> progress, CancellationToken cancellation);

    private sealed class Own(DitarCheckpoint checkpoint, SpeechBackend backend, int? steps) : BenchedModel
    {
        private readonly SpeechEngine engine = SpeechEngine.Start(backend, checkpoint);

        public override string Engine => engine.Name;

        public override long NativeBytes => engine.NativeBytes;

        public override int SampleRate => checkpoint.Autoencoder.Config.SampleRate;

        public override int PatchSamples => checkpoint.Config.Model.PatchSize * checkpoint.Autoencoder.Config.Hop;

        public override int Steps => steps ?? checkpoint.Config.Sampling.Steps;

        protected override IKernels Kernels => engine.Kernels;

        public override void Dispose() => engine.Dispose();

        protected override IEnumerable<GeneratedPatch> Generate(int patches, IProgress<GenerationProgress> progress, CancellationToken cancellation)
        {
            var (input, defaults) = (new TextInput(checkpoint.Tokenizer), checkpoint.Config.Sampling);
            var voice = checkpoint.Voices.Count > 0 ? checkpoint.Voices[0] : null;
            var request = new GenerationRequest(
                input.Symbols(input.Read(Text)), new SamplerOptions { Steps = Steps, Guidance = defaults.Guidance, Temperature = defaults.Temperature })
            {
                Prompt = voice is null ? null : new SpeechPrompt(input.Symbols(voice.Text + " "), voice.Latents),
                MinPatches = patches,
                MaxPatches = patches,
            };
            using var session = engine.Rent();
            foreach (var patch in session.Loop.Generate(request, progress, cancellation)) yield return patch;
        }
    }

    private sealed class Official(OfficialEngine engine, int? steps) : BenchedModel
    {
        private readonly VoxCpmSession session = engine.Rent();

        public override string Engine => engine.Name;

        public override long NativeBytes => engine.NativeBytes;

        public override int SampleRate => engine.Config.Vae.OutputRate;

        public override int PatchSamples => engine.Config.PatchSize * engine.Config.Vae.DecoderHop;

        public override int Steps => steps ?? new VoxCpmOptions().Steps;

        protected override IKernels Kernels => engine.Kernels;

        public override void Dispose()
        {
            session.Dispose();
            engine.Dispose();
        }

        protected override IEnumerable<GeneratedPatch> Generate(int patches, IProgress<GenerationProgress> progress, CancellationToken cancellation)
        {
            // The official limit by the text's length gives way: a token has time for all patches.
            var options = new VoxCpmOptions { Steps = Steps, MaxLength = patches, LongestRatio = patches };
            var request = session.Speaker.Request(Text, VoxCpmVoice.None, options, new SeededNoise(0)) with { MinPatches = patches };
            return session.Speaker.Generate(request, progress, cancellation);
        }
    }
}
