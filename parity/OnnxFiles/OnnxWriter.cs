// Writes a model as an .onnx file, its weights in place or, past what one protocol-buffers message may hold, in a data file beside it. Field numbers are
// those of onnx.proto. Nothing of the size of a weight is held in memory.

using System.Globalization;
using Ditar.Reference.Files;

namespace Ditar.Parity.OnnxFiles;

internal static class OnnxWriter
{
    // A message ends at 2^31 - 1 bytes; readers in other languages are safer well below it.
    private const long LargestInPlace = 2_000_000_000;

    // Shapes and scalars stay in the graph, where shape inference looks for them.
    private const int SmallestExternal = 1024;

    // Pages, so that weights can be mapped.
    private const int Alignment = 4096;

    public static bool NeedsDataFile(OnnxModel model) => model.Initializers.Sum(tensor => tensor.ByteLength) > LargestInPlace;

    /// <summary>Writes the data file first, then the graph; each appears whole or not at all.</summary>
    /// <param name="dataFile">Name of the data file in the same folder, or null to keep weights in place.</param>
    /// <param name="progress">Told of bytes written; throws to stop.</param>
    /// <exception cref="IOException">The folder is missing or full.</exception>
    public static void Write(string path, OnnxModel model, string? dataFile = null, Action<long>? progress = null)
    {
        var places = dataFile is null ? [] : Place(model);
        if (dataFile is not null)
        {
            AtomicFile.Write(Path.Combine(Path.GetDirectoryName(path)!, dataFile), stream =>
            {
                foreach (var tensor in model.Initializers.Where(tensor => places.ContainsKey(tensor.Name)))
                {
                    Pad(stream, places[tensor.Name]);
                    WritePayload(stream, tensor, progress);
                }
            });
        }

        var message = Message(model, dataFile, places, progress);
        AtomicFile.Write(path, message.WriteTo);
    }

    private static Dictionary<string, long> Place(OnnxModel model)
    {
        var places = new Dictionary<string, long>();
        var end = 0L;
        foreach (var tensor in model.Initializers.Where(tensor => tensor.ByteLength >= SmallestExternal))
        {
            places[tensor.Name] = (end + Alignment - 1) / Alignment * Alignment;
            end = places[tensor.Name] + tensor.ByteLength;
        }

        return places;
    }

    private static void Pad(Stream stream, long to)
    {
        Span<byte> zeros = stackalloc byte[Alignment];
        zeros.Clear();
        stream.Write(zeros[..(int)(to - stream.Position)]);
    }

    private static void WritePayload(Stream stream, Initializer tensor, Action<long>? progress)
    {
        tensor.WriteTo(stream);
        progress?.Invoke(tensor.ByteLength);
    }

    private static ProtoMessage Message(OnnxModel model, string? dataFile, Dictionary<string, long> places, Action<long>? progress)
    {
        var graph = new ProtoMessage();
        foreach (var node in model.Nodes) graph.Add(1, Node(node));
        graph.Add(2, model.Name);
        foreach (var tensor in model.Initializers)
            graph.Add(5, places.TryGetValue(tensor.Name, out var offset) ? External(tensor, dataFile!, offset) : InPlace(tensor, progress));
        graph.Add(10, model.Description);
        foreach (var port in model.Inputs) graph.Add(11, Value(port));
        foreach (var port in model.Outputs) graph.Add(12, Value(port));

        var opset = new ProtoMessage().Add(1, "").Add(2, OnnxModel.Opset);
        return new ProtoMessage()
            .Add(1, OnnxModel.IrVersion)
            .Add(2, "Ditar")
            .Add(3, typeof(OnnxWriter).Assembly.GetName().Version?.ToString(3) ?? "")
            .Add(7, graph)
            .Add(8, opset);
    }

    private static ProtoMessage Node(GraphNode node)
    {
        var message = new ProtoMessage();
        foreach (var input in node.Inputs) message.Add(1, input);
        foreach (var output in node.Outputs) message.Add(2, output);
        message.Add(3, node.Name).Add(4, node.Operator);
        foreach (var attribute in node.Attributes) message.Add(5, Attribute(attribute));
        return message;
    }

    private static ProtoMessage Attribute(NodeAttribute attribute)
    {
        var message = new ProtoMessage().Add(1, attribute.Name);
        switch (attribute.Value)
        {
            case float number:
                return message.Add(2, number).Add(20, 1);
            case long integer:
                return message.Add(3, integer).Add(20, 2);
            case string text:
                return message.Add(4, text).Add(20, 3);
            case long[] integers:
                foreach (var integer in integers) message.Add(8, integer);
                return message.Add(20, 7);
            default:
                throw new ArgumentException($"Attribute {attribute.Name} holds a {attribute.Value.GetType().Name}.", nameof(attribute));
        }
    }

    private static ProtoMessage InPlace(Initializer tensor, Action<long>? progress) =>
        Head(tensor).Add(9, tensor.ByteLength, stream => WritePayload(stream, tensor, progress));

    private static ProtoMessage External(Initializer tensor, string file, long offset) => Head(tensor)
        .Add(13, Pair("location", file))
        .Add(13, Pair("offset", offset.ToString(CultureInfo.InvariantCulture)))
        .Add(13, Pair("length", tensor.ByteLength.ToString(CultureInfo.InvariantCulture)))
        .Add(14, 1);

    private static ProtoMessage Head(Initializer tensor)
    {
        var message = new ProtoMessage();
        foreach (var extent in tensor.Shape) message.Add(1, extent);
        return message.Add(2, (long)tensor.Type).Add(8, tensor.Name);
    }

    private static ProtoMessage Pair(string key, string value) => new ProtoMessage().Add(1, key).Add(2, value);

    private static ProtoMessage Value(ValueInfo port)
    {
        var shape = new ProtoMessage();
        foreach (var extent in port.Shape)
            shape.Add(1, long.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new ProtoMessage().Add(1, number) : new ProtoMessage().Add(2, extent));
        var tensor = new ProtoMessage().Add(1, (long)port.Type).Add(2, shape);
        return new ProtoMessage().Add(1, port.Name).Add(2, new ProtoMessage().Add(1, tensor));
    }
}
