// Graphs of products alone, for ONNX Runtime's side of the tables: x W, and a chain of gated feed-forwards, in float32 and as its dynamic quantisation makes
// them (activations to 8 bits per call, weights per output channel; ONNX Runtime fuses DynamicQuantizeLinear .. Mul into one operator of its own).

using Ditar.Parity.OnnxFiles;
using Ditar.Reference;

namespace Ditar.Bench;

/// <param name="Gate">[hidden, width], as <paramref name="Up"/>.</param>
/// <param name="Down">[width, hidden].</param>
internal sealed record GatedWeights(int Width, int Hidden, float[] Gate, float[] Up, float[] Down);

internal static class OnnxProducts
{
    /// <param name="weight">[outputs, inputs], as our layers have it.</param>
    public static OnnxModel Product(int inputs, int outputs, float[] weight)
    {
        var graph = new Nodes();
        var y = graph.Linear("x", "W", inputs, outputs, weight, quantised: false);
        return graph.Model("product", inputs, y, outputs);
    }

    public static OnnxModel Chain(IReadOnlyList<GatedWeights> layers, bool quantised)
    {
        var graph = new Nodes();
        var x = "x";
        for (var i = 0; i < layers.Count; i++)
        {
            var (width, hidden, gate, up, down) = layers[i];
            var gated = graph.Linear(x, $"{i}.gate", width, hidden, gate, quantised);
            var sigmoid = graph.Add("Sigmoid", gated);
            var product = graph.Add("Mul", graph.Add("Mul", gated, sigmoid), graph.Linear(x, $"{i}.up", width, hidden, up, quantised));
            x = graph.Linear(product, $"{i}.down", hidden, width, down, quantised);
        }

        return graph.Model("chain", layers[0].Width, x, layers[^1].Width);
    }

    private sealed class Nodes
    {
        private readonly List<GraphNode> nodes = [];
        private readonly List<Initializer> weights = [];
        private readonly Dictionary<string, string[]> quantisedInputs = [];

        public string Add(string kind, params string[] inputs) => Add(kind, 1, [], inputs)[0];

        public string Linear(string x, string name, int inputs, int outputs, float[] weight, bool quantised)
        {
            if (!quantised)
            {
                weights.Add(Initializer.Of(name, Tensor.From(Transposed(outputs, inputs, weight), inputs, outputs)));
                return Add("MatMul", x, name);
            }

            var (values, scales) = Quantised(outputs, inputs, weight);
            weights.Add(Initializer.Of(name, values, inputs, outputs));
            weights.Add(Initializer.Of(name + ".scale", Tensor.From(scales, outputs)));
            if (!quantisedInputs.TryGetValue(x, out var bytes)) quantisedInputs[x] = bytes = Add("DynamicQuantizeLinear", 3, [], x);
            var sum = Add("MatMulInteger", bytes[0], name, bytes[2]);
            var single = Add("Cast", 1, [new NodeAttribute("to", (long)TensorType.Float)], sum)[0];
            return Add("Mul", single, Add("Mul", bytes[1], name + ".scale"));
        }

        public OnnxModel Model(string name, int inputs, string output, int outputs) => new(
            name, "A product for timing.", [new ValueInfo("x", TensorType.Float, ["rows", $"{inputs}"])],
            [new ValueInfo(output, TensorType.Float, ["rows", $"{outputs}"])], nodes, weights);

        private string[] Add(string kind, int results, NodeAttribute[] attributes, params string[] inputs)
        {
            string[] outputs = [.. Enumerable.Range(0, results).Select(i => $"{kind}{nodes.Count}.{i}")];
            nodes.Add(new GraphNode($"{kind}{nodes.Count}", kind, inputs, outputs, attributes));
            return outputs;
        }

        // [outputs, inputs] to [inputs, outputs].
        private static float[] Transposed(int outputs, int inputs, float[] weight)
        {
            var result = new float[weight.Length];
            for (var o = 0; o < outputs; o++)
                for (var i = 0; i < inputs; i++) result[(i * outputs) + o] = weight[(o * inputs) + i];
            return result;
        }

        // Symmetric, one scale per output channel.
        private static (sbyte[] Values, float[] Scales) Quantised(int outputs, int inputs, float[] weight)
        {
            var (values, scales) = (new sbyte[weight.Length], new float[outputs]);
            for (var o = 0; o < outputs; o++)
            {
                scales[o] = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(weight.AsSpan(o * inputs, inputs)) is var most && most != 0 ? Math.Abs(most) / 127 : 1;
                for (var i = 0; i < inputs; i++) values[(i * outputs) + o] = (sbyte)MathF.Round(weight[(o * inputs) + i] / scales[o]);
            }

            return (values, scales);
        }
    }
}
