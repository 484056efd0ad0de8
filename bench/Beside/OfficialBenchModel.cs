// A released VoxCPM checkpoint's true shapes with weights from a seed, in official files (as `ditar make-up` writes them), and its graphs for ONNX Runtime,
// written once into the temporary folder and kept there: gigabytes, and a minute or two.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Bench;

/// <param name="name">One of <see cref="OfficialConfigs.Names"/>.</param>
internal sealed class OfficialBenchModel(string name)
{
    private const ulong Seed = 1;

    /// <summary>Of all released checkpoints.</summary>
    public const int Symbols = 73_448;

    public string Title => $"VoxCPM-{name}";

    /// <summary>Ten steps, guidance 2.0.</summary>
    public static VoxCpmOptions Options { get; } = new() { Steps = 10, Guidance = 2 };

    /// <summary>The checkpoint.</summary>
    /// <param name="say">Told before something is written.</param>
    public string Folder(Action<string> say) => Once($"{Title}-seed{Seed}", say, partial => MadeUpCheckpoint.Write(name, partial, Seed));

    /// <summary>Its graphs, all but that of the audio encoder.</summary>
    /// <inheritdoc cref="Folder"/>
    public string Graphs(Action<string> say) => Once($"{Title}-seed{Seed}-onnx", say, partial =>
        OnnxExport.Run(partial, ExportSource.Of(ParityModel.Open(Folder(say))), new ExportOptions { Parts = [.. VoxCpmGraphNames.All.Where(part => part != GraphNames.VaeEncoder)] }));

    /// <summary>ONNX Runtime with threads that spin or with threads that sleep, whichever a trial finds faster: both beside our own weights would not fit into a small machine.</summary>
    /// <param name="trial">Seconds of what will be timed, or of a short piece of it.</param>
    public Arm Onnx(OnnxLibrary library, int threads, Func<Arm, double> trial, Action<string> say)
    {
        using var checkpoint = VoxCpmCheckpoint.Open(Folder(say));
        var (config, graphs) = (checkpoint.Config, Graphs(say));
        return Arm.Faster(Load(true), Load(false), trial);

        Arm Load(bool spins)
        {
            var exported = ExportedVoxCpm.Open(library, graphs, config, OnnxGraphRun.Options(threads, spins));
            return Of(spins ? "spinning" : "sleeping", config, exported.Encoder, exported.Language, exported.FieldOn, new WholeVocoder(exported.Vocoder)) with { Owned = exported, SoundsAtEnd = true };
        }
    }

    /// <summary>The engine, once per weight format.</summary>
    public IReadOnlyList<Arm> Ours(int threads, Action<string> say)
    {
        var folder = Folder(say);
        return [.. Arm.Formats.Select(Of)];

        Arm Of((WeightFormat Format, string Name) format)
        {
            var pool = threads > 1 ? new WorkerPool(threads) : null;
            using var kernels = KernelSet.Use(new SimdKernels(pool));
            using var checkpoint = VoxCpmCheckpoint.Open(folder);
            var packed = new InferenceModel(checkpoint.ReadModel(later: true), EngineFormats.All(format.Format), pool);
            var session = packed.Start(pool);
            var vocoder = new FusedVocoder(checkpoint.ReadVae(later: true), pool);
            return OfficialBenchModel.Of(format.Name, checkpoint.Config, session.Encoder, session.Language, session.FieldOn, vocoder) with
            {
                Kernels = new SimdKernels(pool),
                Owned = new Owner([session, vocoder, packed, .. pool is null ? Array.Empty<IDisposable>() : [pool]]),
            };
        }
    }

    private static Arm Of(string name, VoxCpmConfig config, IPatchEncoder encoder, ILanguageModel language, Func<TimeGrid, IVelocityField> field, IVocoder vocoder) => new(
        name, encoder, language, field(Options.Sampler.Grid), vocoder, new PatchShape(config.PatchSize, 1, config.LatentDim, config.Positions), config.Base.Width, VoxCpmTokenizer.AudioStart);

    // A folder under its name is whole: it is written under another one.
    private static string Once(string name, Action<string> say, Action<string> write)
    {
        var folder = Path.Combine(Path.GetTempPath(), "ditar-bench", name);
        if (Directory.Exists(folder)) return folder;
        say($"writing {folder}");
        var partial = $"{folder}.{Environment.ProcessId}";
        try
        {
            write(partial);
            Directory.Move(partial, folder);
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }

        return folder;
    }
}

/// <summary>Decodes an utterance when it is over: the cheapest that a decoder without memory can do.</summary>
internal sealed class WholeVocoder(IVocoder decoder) : IVocoder
{
    public int SampleRate => decoder.SampleRate;

    public int Hop => decoder.Hop;

    public IVocoderState Start() => new State(decoder.Start());

    private sealed class State(IVocoderState decoder) : IVocoderState
    {
        private readonly List<Reference.Tensor> held = [];

        public float[] Push(Reference.Tensor latents, bool last)
        {
            held.Add(latents.Copy());
            return last ? decoder.Push(Reference.Tensor.Concat(0, [.. held]), last: true) : [];
        }

        public void Dispose() => decoder.Dispose();
    }
}
