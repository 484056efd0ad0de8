// A loaded graph: what it takes and gives, and a run by name. Runs of one session may overlap; a tensor may be fed to several.

namespace Ditar.Onnx;

/// <summary>How many of a graph's nodes a provider computes.</summary>
/// <param name="Provider">By ONNX Runtime's name.</param>
/// <param name="Operators">The kinds of them with their number, most frequent first.</param>
public sealed record ProviderShare(string Provider, int Nodes, IReadOnlyList<(string Operator, int Nodes)> Operators);

public sealed unsafe class OnnxSession : IDisposable
{
    private readonly OnnxLog log;
    private readonly OrtHandle handle;

    private OnnxSession(OnnxLibrary library, string name, OnnxSessionOptions options, OnnxLog log, OrtHandle handle)
    {
        (Library, Name, Options, this.log, this.handle) = (library, name, options, log, handle);
        Inputs = Ports(OrtFunction.SessionGetInputCount, OrtFunction.SessionGetInputName, OrtFunction.SessionGetInputTypeInfo);
        Outputs = Ports(OrtFunction.SessionGetOutputCount, OrtFunction.SessionGetOutputName, OrtFunction.SessionGetOutputTypeInfo);
    }

    public OnnxLibrary Library { get; }

    /// <summary>The file, or what the caller called the bytes.</summary>
    public string Name { get; }

    public OnnxSessionOptions Options { get; }

    public IReadOnlyList<OnnxPort> Inputs { get; }

    public IReadOnlyList<OnnxPort> Outputs { get; }

    /// <summary>What was said while loading and running, from the options' severity on.</summary>
    public IReadOnlyList<OnnxMessage> Messages => log.Messages;

    /// <summary>Loads a file; external weights are found beside it.</summary>
    /// <exception cref="OnnxRuntimeException">The file is missing, damaged, or no graph that this version can run; the message names it.</exception>
    /// <exception cref="OnnxProviderException">The provider cannot be used.</exception>
    public static OnnxSession Load(OnnxLibrary library, string path, OnnxSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Create(library, path, options, made =>
        {
            nint session;
            // ORTCHAR_T is wchar_t on Windows and char elsewhere.
            fixed (char* wide = path)
                using (var narrow = new Utf8(path))
                {
                    var text = OperatingSystem.IsWindows() ? (void*)wide : narrow.First;
                    library.Api.Check(((delegate* unmanaged<nint, void*, nint, nint*, nint>)library.Api[OrtFunction.CreateSession])(library.Environment.Value, text, made, &session), path);
                }

            return session;
        });
    }

    /// <inheritdoc cref="Load(OnnxLibrary, string, OnnxSessionOptions?)"/>
    /// <param name="name">What the graph is called in messages.</param>
    public static OnnxSession Load(OnnxLibrary library, ReadOnlySpan<byte> graph, string name, OnnxSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(library);
        fixed (byte* bytes = graph)
        {
            var (first, length) = ((nint)bytes, (nuint)graph.Length);
            return Create(library, name, options, made =>
            {
                nint session;
                library.Api.Check(((delegate* unmanaged<nint, nint, nuint, nint, nint*, nint>)library.Api[OrtFunction.CreateSessionFromArray])(library.Environment.Value, first, length, made, &session), name);
                return session;
            });
        }
    }

    /// <summary>Runs the graph.</summary>
    /// <param name="inputs">By name, in any order. The caller keeps them.</param>
    /// <param name="outputs">Which outputs, in the order wanted; none for all. What is not asked for need not be computed.</param>
    /// <returns>The outputs; the caller disposes of them.</returns>
    /// <exception cref="OnnxRuntimeException">A name, type or shape does not fit, or an operator failed; the message names the graph.</exception>
    public OnnxTensor[] Run(ReadOnlySpan<(string Name, OnnxTensor Tensor)> inputs, params ReadOnlySpan<string> outputs)
    {
        string[] wanted = outputs.IsEmpty ? [.. Outputs.Select(port => port.Name)] : outputs.ToArray();
        string[] given = new string[inputs.Length];
        var values = new nint[inputs.Length];
        for (var i = 0; i < inputs.Length; i++) (given[i], values[i]) = (inputs[i].Name, inputs[i].Tensor.Handle.Value);
        var results = new nint[wanted.Length];
        using (Utf8 inputNames = new(given), outputNames = new(wanted))
            fixed (nint* first = values, result = results)
            {
                Library.Api.Check(((delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)Library.Api[OrtFunction.Run])(
                    handle.Value, 0, inputNames.Pointers, first, (nuint)values.Length, outputNames.Pointers, (nuint)results.Length, result), Name);
            }

        foreach (var (_, tensor) in inputs) GC.KeepAlive(tensor);
        GC.KeepAlive(this);

        // All are held before any is described: should that fail, none is lost.
        OrtHandle[] handles = [.. results.Select(value => new OrtHandle(Library.Api, value, OrtFunction.ReleaseValue))];
        try
        {
            return [.. handles.Select(OnnxTensor.Take)];
        }
        catch
        {
            foreach (var each in handles) each.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Which provider computes how many nodes, counted after the optimisations that all providers share. ONNX Runtime 1.30 leaves the WebGPU provider's
    /// own nodes out (seen, not documented): what is listed beside it is what it left to the CPU.
    /// </summary>
    public IReadOnlyList<ProviderShare> Assignment()
    {
        var api = Library.Api;
        nint* parts;
        nuint count;
        api.Check(((delegate* unmanaged<nint, nint**, nuint*, nint>)api[OrtFunction.GetAssignment])(handle.Value, &parts, &count), Name);
        var all = new List<(string Provider, string Operator)>();
        for (nuint i = 0; i < count; i++)
        {
            byte* provider;
            nint* nodes;
            nuint size;
            api.Check(((delegate* unmanaged<nint, byte**, nint>)api[OrtFunction.AssignedProvider])(parts[i], &provider));
            api.Check(((delegate* unmanaged<nint, nint**, nuint*, nint>)api[OrtFunction.AssignedNodes])(parts[i], &nodes, &size));
            for (nuint n = 0; n < size; n++)
            {
                byte* name;
                api.Check(((delegate* unmanaged<nint, byte**, nint>)api[OrtFunction.AssignedNodeOperator])(nodes[n], &name));
                all.Add((OrtApi.Text(provider), OrtApi.Text(name)));
            }
        }

        return
        [
            .. all.GroupBy(node => node.Provider).Select(share => new ProviderShare(
                share.Key,
                share.Count(),
                [.. share.GroupBy(node => node.Operator).Select(kind => (kind.Key, kind.Count())).OrderByDescending(kind => kind.Item2).ThenBy(kind => kind.Key, StringComparer.Ordinal)])),
        ];
    }

    public void Dispose()
    {
        handle.Dispose();
        log.Dispose();
    }

    private static OnnxSession Create(OnnxLibrary library, string name, OnnxSessionOptions? options, Func<nint, nint> load)
    {
        options ??= new OnnxSessionOptions();
        var log = new OnnxLog();
        OrtHandle? handle = null;
        try
        {
            using var made = options.Make(library, log);
            handle = new OrtHandle(library.Api, load(made.Value), OrtFunction.ReleaseSession);
            return new OnnxSession(library, name, options, log, handle);
        }
        catch
        {
            handle?.Dispose();
            log.Dispose();
            throw;
        }
    }

    private OnnxPort[] Ports(OrtFunction count, OrtFunction name, OrtFunction type)
    {
        var ports = new OnnxPort[Library.Api.Count(count, handle.Value)];
        for (var i = 0; i < ports.Length; i++) ports[i] = Port(i, name, type);
        return ports;
    }

    private OnnxPort Port(int index, OrtFunction name, OrtFunction type)
    {
        var api = Library.Api;
        byte* text;
        api.Check(((delegate* unmanaged<nint, nuint, nint, byte**, nint>)api[name])(handle.Value, (nuint)index, Library.Allocator, &text));
        var called = OrtApi.Text(text);
        api.Check(((delegate* unmanaged<nint, void*, nint>)api[OrtFunction.AllocatorFree])(Library.Allocator, text));

        nint info;
        api.Check(((delegate* unmanaged<nint, nuint, nint*, nint>)api[type])(handle.Value, (nuint)index, &info));
        using var described = new OrtHandle(api, info, OrtFunction.ReleaseTypeInfo);
        nint tensor;
        api.Check(((delegate* unmanaged<nint, nint*, nint>)api[OrtFunction.CastTypeInfoToTensorInfo])(info, &tensor));
        // A sequence or a map, which no graph of ours has.
        if (tensor == 0) return new OnnxPort(called, OnnxElementType.Undefined, [], []);
        var (element, shape) = OnnxTensor.Describe(api, tensor);
        var symbols = new string[shape.Length];
        var names = stackalloc byte*[Math.Max(1, shape.Length)];
        api.Check(((delegate* unmanaged<nint, byte**, nuint, nint>)api[OrtFunction.GetSymbolicDimensions])(tensor, names, (nuint)shape.Length));
        for (var axis = 0; axis < shape.Length; axis++) symbols[axis] = OrtApi.Text(names[axis]);
        return new OnnxPort(called, element, shape, symbols);
    }
}
