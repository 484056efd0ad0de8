// What an .onnx file says it holds: names of inputs, outputs, weights and nodes, and which files its weights are in. Field numbers are those of onnx.proto.
// Left out: the weights themselves and everything else; to run a graph is ONNX Runtime's business.

namespace Ditar.Parity.OnnxFiles;

/// <param name="Inputs">Without weights.</param>
/// <param name="DataFiles">Files beside it that hold weights.</param>
internal sealed record OnnxSummary(
    long IrVersion, long Opset, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<string> Weights, IReadOnlyList<(string Name, string Operator)> Nodes,
    IReadOnlyList<string> DataFiles)
{
    // The largest graph here, 1B with every intermediate, has some ten thousand nodes.
    private const int Most = 1_000_000;

    /// <exception cref="OnnxFileException">The file is no ONNX model or is cut short.</exception>
    public static OnnxSummary Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, path);
    }

    /// <inheritdoc cref="Read(string)"/>
    public static OnnxSummary Read(Stream stream, string file)
    {
        var reader = new ProtoReader(stream, file);
        var (version, opset, graphs) = (0L, 0L, 0);
        List<string> inputs = [], outputs = [], weights = [];
        var nodes = new List<(string, string)>();
        var dataFiles = new HashSet<string>(StringComparer.Ordinal);
        reader.Fields(reader.Length, (number, end) =>
        {
            if (number == 1) version = reader.Number(reader.Length);
            if (number == 8) reader.Fields(end, (inner, _) => opset = inner == 2 ? reader.Number(end) : opset);
            if (number == 7 && ++graphs == 1) reader.Fields(end, Graph);
        });
        if (graphs != 1 || version == 0) throw new OnnxFileException(file, null, "an ONNX model with one graph", $"{graphs} graphs, version {version}");
        return new OnnxSummary(version, opset, [.. inputs.Except(weights)], outputs, weights, nodes, [.. dataFiles]);

        void Graph(int number, long end)
        {
            switch (number)
            {
                case 1:
                    var (name, type) = ("", "");
                    reader.Fields(end, (inner, to) => (name, type) = inner switch { 3 => (reader.Text(to), type), 4 => (name, reader.Text(to)), _ => (name, type) });
                    Add(nodes, (name, type));
                    break;
                case 5:
                    reader.Fields(end, (inner, to) =>
                    {
                        if (inner == 8) Add(weights, reader.Text(to));
                        if (inner == 13) External(to);
                    });
                    break;
                case 11 or 12:
                    reader.Fields(end, (inner, to) =>
                    {
                        if (inner == 1) Add(number == 11 ? inputs : outputs, reader.Text(to));
                    });
                    break;
            }
        }

        void External(long end)
        {
            var (key, value) = ("", "");
            reader.Fields(end, (inner, to) => (key, value) = inner switch { 1 => (reader.Text(to), value), 2 => (key, reader.Text(to)), _ => (key, value) });
            if (key == "location") dataFiles.Add(value);
        }

        void Add<T>(List<T> list, T item)
        {
            if (list.Count == Most) throw reader.Fault($"at most {Most} names", "more");
            list.Add(item);
        }
    }
}
