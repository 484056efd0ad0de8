// The speech tokenizer beside its exported graphs: one second of decoding and encoding, whole and patch by patch, at one and two threads; and what the
// definition takes on the same kernels, which shows what the fusing is worth. FLOP are counted by running the definition on kernels that count.

using System.Globalization;
using System.Text;
using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Parity.OnnxFiles;
using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Bench;

/// <summary>One decoder to be timed.</summary>
/// <param name="PatchLatents">Latents that a language model makes at a time.</param>
/// <param name="Decode">The definition, [1, frames, D] to samples.</param>
/// <param name="Graph">For ONNX Runtime.</param>
internal sealed record CodecSubject(
    string Name, VaeVocoder Definition, int LatentDim, int PatchLatents, Func<Tensor, Tensor> Decode, Func<WorkerPool?, FusedVocoder> Fuse, OnnxModel Graph)
{
    private const float FirstGain = 0.3f;

    public static CodecSubject Of(string name, DitarParityModel model)
    {
        var autoencoder = model.At(ElementType.Float32).Autoencoder;
        var source = ExportSource.Of(model);
        return new(
            name, new VaeVocoder(autoencoder), model.Vae.LatentDim, 4, latents => autoencoder.Decode(latents), pool => new FusedVocoder(autoencoder, pool),
            OnnxExport.Graph(GraphDefinition.Of(GraphNames.VaeDecoder, source), source, new ExportOptions()));
    }

    /// <summary>VoxCPM's decoder with random weights, exported as the parts of our own models are.</summary>
    public static CodecSubject Of(string name, AudioVaeConfig config, int patchLatents)
    {
        // The encoder is not timed here and need not be built at its size.
        var vae = new AudioVae(new RandomWeights(1), config with { EncoderDim = 1, EncoderRates = [2] });

        // Residual branches start small, as in training; at full strength twelve of them carry rounding errors far.
        foreach (var unit in vae.Decoder.Blocks.SelectMany(block => block.Units))
            foreach (ref var weight in unit.Point.Weight.Values<float>()) weight *= FirstGain;
        var names = vae.Parameters.ToDictionary(parameter => parameter.Value, parameter => parameter.Key);
        var call = new GraphDefinition(GraphNames.VaeDecoder, "Latents to audio.", [new Symbol("batch", 1, 2, 3), new Symbol("frames", 2, 3, 5)], sizes =>
        {
            var latents = Tensor.From(Noise(sizes[0] * sizes[1] * config.LatentDim), sizes[0], sizes[1], config.LatentDim);
            return new Call([CallInput.Of("latents", latents)], () => [("audio", vae.Decoder.Forward(latents))]);
        });
        using var kernels = KernelSet.Use(new SimdKernels());
        return new(
            name, vae.Vocoder(), config.LatentDim, patchLatents, latents => vae.Decoder.Forward(latents), pool => new FusedVocoder(vae, pool),
            GraphTranslation.Of(call.Trace(default), names, "Latents to audio.", half: false, intermediates: false));
    }

    public static float[] Noise(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * 1.732f)];
    }
}

internal static class CodecBeside
{
    private const int Rounds = 9;
    private const double TurnSeconds = 0.06, Bar = 1.3;

    /// <param name="folder">Of the bundled model.</param>
    /// <param name="flop">Multiply-adds with operands from the first-level cache, FLOP/s at 1 and 2 threads.</param>
    /// <param name="filter">Part of the names of those that are timed.</param>
    public static string Run(OnnxLibrary library, string folder, double[] flop, string filter, Action<string> say)
    {
        var text = new StringBuilder();
        text.AppendLine("### The speech tokenizer: one second of sound\n");
        text.AppendLine("| what | threads | ONNX Runtime | definition on our kernels | ours | ratio | bar | of FMA | real-time factor |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        var bundled = new Lazy<DitarParityModel>(() => DitarParityModel.Open(folder));
        (string Name, Func<string, CodecSubject> Make)[] decoders =
        [
            ("ditar-tiny, inverse STFT", name => CodecSubject.Of(name, bundled.Value)),
            ("BigVGAN of the tiny model's size", name => CodecSubject.Of(name, ParityModel.Random("tiny", 1, VaeConfig.BigVganKind))),
            ("VoxCPM-0.5B's decoder", name => CodecSubject.Of(name, AudioVaeConfig.Default(VoxCpmVersion.One), 2)),
            ("VoxCPM2's decoder", name => CodecSubject.Of(name, AudioVaeConfig.Default(VoxCpmVersion.Two), 4)),
        ];
        foreach (var (name, make) in decoders.Where(decoder => decoder.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            say($"timing {name}");
            var subject = make(name);
            foreach (var threads in (int[])[1, 2]) Decode(library, subject, threads, flop[threads - 1], text);
        }

        const string Encoder = "ditar-tiny, encoder";
        foreach (var threads in (int[])(Encoder.Contains(filter, StringComparison.OrdinalIgnoreCase) ? [1, 2] : []))
            Encode(library, Encoder, bundled.Value, threads, flop[threads - 1], text);
        return text.ToString();
    }

    private static void Decode(OnnxLibrary library, CodecSubject subject, int threads, double flop, StringBuilder text)
    {
        var (rate, hop) = (subject.Definition.SampleRate, subject.Definition.Hop);
        var frames = rate / hop;
        var latents = Tensor.From(CodecSubject.Noise(frames * subject.LatentDim), frames, subject.LatentDim);
        var whole = latents.Reshape(1, frames, subject.LatentDim);
        using var graph = new GraphOnFile(library, subject.Graph, "latents", latents.ToSingles(), [1, frames, subject.LatentDim], threads);
        using var pool = new WorkerPool(threads);
        using var vocoder = subject.Fuse(pool);
        var kernels = new SimdKernels(threads > 1 ? pool : null);
        Check(vocoder, latents, graph.Output());

        var seconds = (double)frames * hop / rate;
        var piece = subject.PatchLatents;
        var timings = Stopwatches.Time(Rounds, TurnSeconds, [
            .. graph.Ways, () => OnKernels(kernels, () => subject.Decode(whole)), () => Stream(vocoder, latents, frames),
            () => Stream(vocoder, latents, piece), () => OnKernels(kernels, () => Stream(subject.Definition, latents, piece))]);
        var onnx = timings[..2].MinBy(timing => timing.Median);
        var work = CountingKernels.Of(() => subject.Decode(whole));
        Line(text, $"{subject.Name}, {work / seconds / 1e9:0.00} GFLOP", threads, onnx, timings[2], timings[3], Bar, work / flop, seconds);
        Line(text, $"the same, {piece} latents at a time", threads, null, timings[5], timings[4], null, work / flop, seconds);
    }

    private static void Encode(OnnxLibrary library, string name, DitarParityModel model, int threads, double flop, StringBuilder text)
    {
        var (config, autoencoder) = (model.Vae, model.At(ElementType.Float32).Autoencoder);
        var audio = CodecSubject.Noise(config.SampleRate / config.Hop * config.Hop);
        var tensor = Tensor.From(audio, 1, audio.Length, 1);
        var source = ExportSource.Of(model);
        var exported = OnnxExport.Graph(GraphDefinition.Of(GraphNames.VaeEncoder, source), source, new ExportOptions());
        using var graph = new GraphOnFile(library, exported, "audio", audio, [1, audio.Length, 1], threads);
        using var pool = new WorkerPool(threads);
        using var encoder = new FusedEncoder(autoencoder, pool);
        var kernels = new SimdKernels(threads > 1 ? pool : null);
        Close(graph.Output(), encoder.Encode(audio).ToSingles());
        var timings = Stopwatches.Time(Rounds, TurnSeconds, [.. graph.Ways, () => OnKernels(kernels, () => autoencoder.Encode(tensor)), () => encoder.Encode(audio)]);
        var seconds = (double)audio.Length / config.SampleRate;
        var work = CountingKernels.Of(() => autoencoder.Encode(tensor));
        Line(text, $"{name}, {work / seconds / 1e9:0.00} GFLOP", threads, timings[..2].MinBy(timing => timing.Median), timings[2], timings[3], null, work / flop, seconds);
    }

    private static void Line(
        StringBuilder text, string what, int threads, Timing? onnx, Timing definition, Timing ours, double? bar, double bestSeconds, double seconds)
    {
        var ratio = onnx is { } o ? o.Median / ours.Median : (double?)null;
        text.AppendLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {threads} | {BesideTable.Time(onnx)} | {BesideTable.Time(definition)} | {BesideTable.Time(ours)} | {ratio:0.00} | {(bar is null ? "" : $"{bar:0.0} {(ratio >= bar ? "met" : "**missed**")}")} | {bestSeconds / ours.Least:0 %} | {ours.Median / seconds:0.0000} |"));
    }

    private static void Stream(IVocoder vocoder, Tensor latents, int piece)
    {
        using var stream = vocoder.Start();
        for (var at = 0; at < latents[0]; at += piece)
        {
            var count = Math.Min(piece, latents[0] - at);
            stream.Push(latents.Slice(0, at, count), at + count == latents[0]);
        }
    }

    private static void OnKernels(IKernels kernels, Action run)
    {
        using var scope = KernelSet.Use(kernels);
        run();
    }

    // Timings of something that computes something else are worth nothing.
    private static void Check(FusedVocoder vocoder, Tensor latents, float[] expected)
    {
        using var stream = vocoder.Start();
        Close(expected, stream.Push(latents, last: true));
    }

    private static void Close(float[] expected, float[] found)
    {
        var (error, size) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            error += (expected[i] - found[i]) * (double)(expected[i] - found[i]);
            size += expected[i] * (double)expected[i];
        }

        if (expected.Length != found.Length || !(Math.Sqrt(error / size) < 1e-3))
            throw new InvalidOperationException($"Ours differs from the graph by {Math.Sqrt(error / size):g3} of its size ({expected.Length} and {found.Length} values).");
    }

    /// <summary>One part of a model in ONNX Runtime's hands, with threads that spin and with threads that sleep.</summary>
    private sealed class GraphOnFile : IDisposable
    {
        private readonly OnnxSession[] sessions;
        private readonly OnnxTensor input;
        private readonly string inputName;

        public GraphOnFile(OnnxLibrary library, OnnxModel graph, string inputName, float[] values, long[] shape, int threads)
        {
            this.inputName = inputName;
            var folder = Directory.CreateTempSubdirectory("ditar-bench-");
            try
            {
                var path = Path.Combine(folder.FullName, "graph.onnx");
                OnnxWriter.Write(path, graph);
                sessions = [Open(spinning: true), Open(spinning: false)];

                OnnxSession Open(bool spinning) => OnnxSession.Load(library, path, OnnxGraphRun.Options(threads, spinning));
            }
            finally
            {
                folder.Delete(recursive: true);
            }

            input = OnnxTensor.From<float>(library, values, shape);
        }

        public Action[] Ways => [.. sessions.Select(session => (Action)(() => Run(session)))];

        public float[] Output()
        {
            var outputs = sessions[0].Run([(inputName, input)]);
            var values = outputs[0].Values<float>().ToArray();
            foreach (var output in outputs) output.Dispose();
            return values;
        }

        public void Dispose()
        {
            input.Dispose();
            foreach (var session in sessions) session.Dispose();
        }

        private void Run(OnnxSession session)
        {
            foreach (var output in session.Run([(inputName, input)])) output.Dispose();
        }
    }

    /// <summary>Counts the multiply-adds of products and depthwise convolutions, two operations each.</summary>
    private sealed class CountingKernels : PlainKernels
    {
        private readonly SimdKernels fast = new();
        private double count;

        public static double Of(Action run)
        {
            var kernels = new CountingKernels();
            OnKernels(kernels, run);
            return kernels.count;
        }

        public override void MatMul<T>(in MatMulShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
        {
            count += 2.0 * s.Batch * s.M * s.N * s.K;
            fast.MatMul(in s, a, b, c);
        }

        public override void Depthwise<T>(in DepthwiseShape s, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        {
            count += 2.0 * s.Batch * s.Outputs * s.Channels * s.Kernel;
            fast.Depthwise(in s, x, w, y);
        }
    }
}
