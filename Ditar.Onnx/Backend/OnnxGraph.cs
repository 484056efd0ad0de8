// One exported graph, loaded and held against its contract, fed with the project's tensors.

using Ditar.Reference;

namespace Ditar.Onnx;

internal sealed class OnnxGraph : IDisposable
{
    private OnnxGraph(OnnxSession session) => Session = session;

    public OnnxSession Session { get; }

    /// <exception cref="OnnxGraphException">The file cannot be loaded, or takes and gives other things than it should.</exception>
    public static OnnxGraph Load(OnnxLibrary library, string path, GraphContract contract, OnnxSessionOptions options)
    {
        OnnxSession session;
        try
        {
            session = OnnxSession.Load(library, path, options);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxGraphException(path, null, $"a graph that ONNX Runtime {library.Version} loads", $"\"{fault.Message}\"", fault);
        }

        try
        {
            contract.Require(session);
            return new OnnxGraph(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A copy of a tensor for the runtime, as float32.</summary>
    public OnnxTensor Feed(Tensor tensor)
    {
        var shape = new long[tensor.Rank];
        for (var axis = 0; axis < shape.Length; axis++) shape[axis] = tensor[axis];
        return OnnxTensor.Over<float>(Session.Library, tensor.ToSingles(), shape);
    }

    /// <summary>Runs for one output of a known shape.</summary>
    /// <exception cref="OnnxGraphException">The output has another shape.</exception>
    public Tensor Run(string output, ReadOnlySpan<(string Name, OnnxTensor Tensor)> inputs, params ReadOnlySpan<int> shape)
    {
        using var result = Session.Run(inputs, output)[0];
        return Read(output, result, shape);
    }

    /// <summary>A copy of an output.</summary>
    /// <exception cref="OnnxGraphException">It has another shape.</exception>
    public Tensor Read(string name, OnnxTensor result, params ReadOnlySpan<int> shape)
    {
        var same = result.Type == OnnxElementType.Float32 && result.Shape.Length == shape.Length;
        for (var axis = 0; same && axis < shape.Length; axis++) same = result.Shape[axis] == shape[axis];
        if (!same) throw new OnnxGraphException(Session.Name, name, $"Float32 [{string.Join(", ", shape.ToArray())}]", $"{result}");
        return Tensor.From(result.Values<float>(), shape);
    }

    public void Dispose() => Session.Dispose();
}
