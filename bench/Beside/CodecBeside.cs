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
using Ditar.Simd;

namespace Ditar.Bench;

internal static class CodecBeside
{
    private const int Rounds = 9, PatchLatents = 4;
    private const double TurnSeconds = 0.06, Bar = 1.3;

    /// <param name="folder">Of the bundled model.</param>
    /// <param name="flop">Multiply-adds with operands from the first-level cache, FLOP/s at 1 and 2 threads.</param>
    public static string Run(OnnxLibrary library, string folder, double[] flop, Action<string> say)
    {
        var text = new StringBuilder();
        text.AppendLine("### The speech tokenizer: one second of sound\n");
        text.AppendLine("| what | threads | ONNX Runtime | definition on our kernels | ours | ratio | bar | of FMA | real-time factor |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var model in (ParityModel[])[ParityModel.Open(folder), ParityModel.Random("tiny", 1, VaeConfig.BigVganKind)])
        {
            var autoencoder = model.At(ElementType.Float32).Autoencoder;
            var name = model.WeightSeed is null ? "ditar-tiny" : "random";
            say($"timing the codec of {name}, {model.Vae.Decoder}");
            foreach (var threads in (int[])[1, 2])
            {
                Decode(library, model, autoencoder, name, threads, flop[threads - 1], text);
                if (model.WeightSeed is null) Encode(library, model, autoencoder, name, threads, flop[threads - 1], text);
            }
        }

        return text.ToString();
    }

    private static void Decode(OnnxLibrary library, ParityModel model, Autoencoder autoencoder, string name, int threads, double flop, StringBuilder text)
    {
        var config = model.Vae;
        var frames = config.SampleRate / config.Hop;
        var latents = Tensor.From(Noise(frames * config.LatentDim), frames, config.LatentDim);
        var whole = latents.Reshape(1, frames, config.LatentDim);
        using var graph = new GraphOnFile(library, model, GraphNames.VaeDecoder, "latents", latents.ToSingles(), [1, frames, config.LatentDim], threads);
        using var pool = new WorkerPool(threads);
        using var vocoder = new FusedVocoder(autoencoder, pool);
        var kernels = new SimdKernels(threads > 1 ? pool : null);
        Check(vocoder, latents, graph.Output());

        var seconds = (double)frames * config.Hop / config.SampleRate;
        var timings = Stopwatches.Time(Rounds, TurnSeconds, [
            .. graph.Ways, () => OnKernels(kernels, () => autoencoder.Decode(whole)),
            () => Stream(vocoder, latents, frames), () => Stream(vocoder, latents, PatchLatents), () => OnKernels(kernels, () => Stream(new VaeVocoder(autoencoder), latents, PatchLatents))]);
        var onnx = timings[..2].MinBy(timing => timing.Median);
        var work = CountingKernels.Of(() => autoencoder.Decode(whole));
        Line(text, $"{name} {config.Decoder} decode, {work / seconds / 1e9:0.00} GFLOP", threads, onnx, timings[2], timings[3], Bar, work / flop, seconds);
        Line(text, $"the same, {PatchLatents} latents at a time", threads, null, timings[5], timings[4], null, work / flop, seconds);
    }

    private static void Encode(OnnxLibrary library, ParityModel model, Autoencoder autoencoder, string name, int threads, double flop, StringBuilder text)
    {
        var config = model.Vae;
        var audio = Noise(config.SampleRate / config.Hop * config.Hop);
        var tensor = Tensor.From(audio, 1, audio.Length, 1);
        using var graph = new GraphOnFile(library, model, GraphNames.VaeEncoder, "audio", audio, [1, audio.Length, 1], threads);
        using var pool = new WorkerPool(threads);
        using var encoder = new FusedEncoder(autoencoder, pool);
        var kernels = new SimdKernels(threads > 1 ? pool : null);
        Close(graph.Output(), encoder.Encode(audio).ToSingles());
        var timings = Stopwatches.Time(Rounds, TurnSeconds, [.. graph.Ways, () => OnKernels(kernels, () => autoencoder.Encode(tensor)), () => encoder.Encode(audio)]);
        var seconds = (double)audio.Length / config.SampleRate;
        var work = CountingKernels.Of(() => autoencoder.Encode(tensor));
        Line(text, $"{name} encode, {work / seconds / 1e9:0.00} GFLOP", threads, timings[..2].MinBy(timing => timing.Median), timings[2], timings[3], null, work / flop, seconds);
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

        if (expected.Length != found.Length || !(Math.Sqrt(error / size) < 1e-4))
            throw new InvalidOperationException($"Ours differs from the graph by {Math.Sqrt(error / size):g3} of its size ({expected.Length} and {found.Length} values).");
    }

    private static float[] Noise(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * 1.732f)];
    }

    /// <summary>One part of a model in ONNX Runtime's hands, with threads that spin and with threads that sleep.</summary>
    private sealed class GraphOnFile : IDisposable
    {
        private readonly OnnxSession[] sessions;
        private readonly OnnxTensor input;
        private readonly string inputName;

        public GraphOnFile(OnnxLibrary library, ParityModel model, string part, string inputName, float[] values, long[] shape, int threads)
        {
            this.inputName = inputName;
            var folder = Directory.CreateTempSubdirectory("ditar-bench-");
            try
            {
                var source = ExportSource.Of(model);
                var path = Path.Combine(folder.FullName, "graph.onnx");
                OnnxWriter.Write(path, OnnxExport.Graph(GraphDefinition.Of(part, source), source, new ExportOptions()));
                sessions = [.. new[] { true, false }.Select(spinning => OnnxSession.Load(library, path, OnnxGraphRun.Options(threads, spinning)))];
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
