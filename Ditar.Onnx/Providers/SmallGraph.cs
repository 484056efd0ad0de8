// Writes an ONNX file of a few nodes without weights: enough to ask a provider whether it computes, and for tests of the binding. Only the fields of
// onnx.proto that such a graph needs; the exporter of the models is elsewhere.

using System.Text;

namespace Ditar.Onnx;

/// <param name="Name">Of an input or output.</param>
/// <param name="Shape">Numbers, or names of open extents.</param>
internal sealed record SmallPort(string Name, OnnxElementType Type, params string[] Shape);

/// <param name="Operator">Of the standard domain.</param>
/// <param name="Numbers">Attributes that are whole numbers.</param>
internal sealed record SmallNode(string Operator, string[] Inputs, string[] Outputs, params (string Name, long Value)[] Numbers);

internal static class SmallGraph
{
    private const int Varint = 0;
    private const int Block = 2;

    public static byte[] Write(SmallPort[] inputs, SmallNode[] nodes, SmallPort[] outputs, int operatorSet = 17)
    {
        // GraphProto: node 1, name 2, input 11, output 12. ModelProto: ir_version 1, graph 7, opset_import 8 (its version 2).
        var graph = new MemoryStream();
        foreach (var node in nodes) Put(graph, 1, Node(node));
        Put(graph, 2, "small");
        foreach (var port in inputs) Put(graph, 11, Port(port));
        foreach (var port in outputs) Put(graph, 12, Port(port));
        var set = new MemoryStream();
        Put(set, 2, operatorSet);
        var model = new MemoryStream();
        Put(model, 1, 8);
        Put(model, 7, graph);
        Put(model, 8, set);
        return model.ToArray();
    }

    // NodeProto: input 1, output 2, op_type 4, attribute 5; AttributeProto: name 1, i 3, type 20 (2 is a whole number).
    private static MemoryStream Node(SmallNode node)
    {
        var bytes = new MemoryStream();
        foreach (var input in node.Inputs) Put(bytes, 1, input);
        foreach (var output in node.Outputs) Put(bytes, 2, output);
        Put(bytes, 4, node.Operator);
        foreach (var (name, value) in node.Numbers)
        {
            var attribute = new MemoryStream();
            Put(attribute, 1, name);
            Put(attribute, 3, value);
            Put(attribute, 20, 2);
            Put(bytes, 5, attribute);
        }

        return bytes;
    }

    // ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1; its elem_type 1, shape 2; TensorShapeProto: dim 1; its dim_value 1 or dim_param 2.
    private static MemoryStream Port(SmallPort port)
    {
        var shape = new MemoryStream();
        foreach (var extent in port.Shape)
        {
            var dim = new MemoryStream();
            if (long.TryParse(extent, out var number)) Put(dim, 1, number);
            else Put(dim, 2, extent);
            Put(shape, 1, dim);
        }

        MemoryStream tensor = new(), type = new(), bytes = new();
        Put(tensor, 1, (long)port.Type);
        Put(tensor, 2, shape);
        Put(type, 1, tensor);
        Put(bytes, 1, port.Name);
        Put(bytes, 2, type);
        return bytes;
    }

    private static void Put(MemoryStream to, int field, long value)
    {
        Number(to, (ulong)((field << 3) | Varint));
        Number(to, (ulong)value);
    }

    private static void Put(MemoryStream to, int field, string text) => Put(to, field, new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static void Put(MemoryStream to, int field, MemoryStream block)
    {
        Number(to, (ulong)((field << 3) | Block));
        Number(to, (ulong)block.Length);
        block.WriteTo(to);
    }

    // Seven bits at a time, the lowest first; the eighth says that more follow.
    private static void Number(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
