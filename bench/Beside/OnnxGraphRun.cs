// A small graph in ONNX Runtime's hands, ready to be called again and again: the input stays where it is, outputs are given back at once.
// Its threads may spin or sleep between operators. Here either was up to twice as fast as the other, depending on the graph, so both are measured and the
// faster one counts.

using Ditar.Onnx;
using Ditar.Parity.OnnxFiles;

namespace Ditar.Bench;

internal sealed class OnnxGraphRun : IDisposable
{
    private readonly OnnxSession spinning;
    private readonly OnnxSession sleeping;
    private readonly OnnxTensor input;

    /// <param name="x">[rows, inputs].</param>
    public OnnxGraphRun(OnnxLibrary library, OnnxModel model, float[] x, int rows, int threads)
    {
        // Through a file: weights past 2 GB could not come another way. ONNX Runtime has read it when the session is there.
        var folder = Directory.CreateTempSubdirectory("ditar-bench-");
        try
        {
            var path = Path.Combine(folder.FullName, "graph.onnx");
            OnnxWriter.Write(path, model);
            spinning = OnnxSession.Load(library, path, Options(threads, spinning: true));
            sleeping = OnnxSession.Load(library, path, Options(threads, spinning: false));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        input = OnnxTensor.Over<float>(library, x, rows, x.Length / rows);
    }

    /// <summary>One call each way.</summary>
    public Action[] Ways => [() => Run(spinning), () => Run(sleeping)];

    /// <summary>As fast as it goes: kernels need not be deterministic.</summary>
    public static OnnxSessionOptions Options(int threads, bool spinning) => new() { Threads = threads, Spinning = spinning, Deterministic = false };

    /// <summary>The values of the one output.</summary>
    public float[] Output()
    {
        var outputs = spinning.Run([("x", input)]);
        var values = outputs[0].Values<float>().ToArray();
        foreach (var output in outputs) output.Dispose();
        return values;
    }

    public void Dispose()
    {
        input.Dispose();
        spinning.Dispose();
        sleeping.Dispose();
    }

    private void Run(OnnxSession session)
    {
        foreach (var output in session.Run([("x", input)])) output.Dispose();
    }
}
