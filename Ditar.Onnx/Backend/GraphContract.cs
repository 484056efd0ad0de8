// What the backend feeds to each exported graph and wants from it, for a model of given sizes; GraphNames tells the same in words. A loaded file is held
// against this before anything runs. Outputs beyond these (an export with intermediates) are allowed and not computed.

using System.Globalization;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Onnx;

/// <param name="Shape">Extents; <see cref="GraphContract.Open"/> where every run may have another.</param>
internal sealed record ContractPort(string Name, OnnxElementType Type, params long[] Shape)
{
    public override string ToString() => $"{Type} [{string.Join(", ", Shape.Select(extent => extent == GraphContract.Open ? "?" : $"{extent}"))}]";
}

internal sealed record GraphContract(IReadOnlyList<ContractPort> Inputs, IReadOnlyList<ContractPort> Outputs)
{
    public const long Open = -1;

    public static GraphContract Of(string graph, DitarConfig model, VaeConfig vae)
    {
        var width = model.LanguageModel.Width;
        var (patch, history, dim) = (model.PatchSize, model.HistoryPatches * model.PatchSize, model.LatentDim);
        return graph switch
        {
            GraphNames.TextEmbedding => new([new("symbols", OnnxElementType.Int64, Open)], [Float("embedding", Open, width)]),
            GraphNames.PatchEncoder => new([Float("patches", Open, patch, dim)], [Float("embedding", Open, width)]),
            GraphNames.LanguagePrefill => new([Float("inputs", Open, width)], [Float("hidden", Open, width), .. Caches(model, GraphNames.PresentKeys, GraphNames.PresentValues)]),
            GraphNames.LanguageStep => new(
                [Float("inputs", Open, width), .. Caches(model, GraphNames.PastKeys, GraphNames.PastValues)],
                [Float("hidden", Open, width), .. Caches(model, GraphNames.PresentKeys, GraphNames.PresentValues)]),
            GraphNames.Velocity => new(
                [Float("noisy", Open, patch, dim), Float("time", Open), Float("condition", Open, width), Float("history", Open, history, dim)],
                [Float("velocity", Open, patch, dim)]),
            GraphNames.Stop => new([Float("hidden", Open, width)], [Float("probability", Open, 1)]),
            GraphNames.VaeEncoder => new([Float("audio", Open, Open, 1)], [Float("latents", Open, Open, vae.LatentDim)]),
            GraphNames.VaeDecoder => new([Float("latents", Open, Open, vae.LatentDim)], [Float("audio", Open, Open, 1)]),
            _ => throw new ArgumentException($"There is no graph {graph}; there are {string.Join(", ", GraphNames.All)}.", nameof(graph)),
        };
    }

    /// <summary>What a manifest says of a graph: extents that are numbers there, open ones where a symbol stands.</summary>
    public static GraphContract Of(ExportedGraph graph)
    {
        return new([.. graph.Inputs.Select(Port)], [.. graph.Outputs.Select(Port)]);

        static ContractPort Port(GraphPort port) => new(
            port.Name, port.ElementType == "int64" ? OnnxElementType.Int64 : OnnxElementType.Float32,
            [.. port.Shape.Select(extent => long.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : Open)]);
    }

    /// <summary>Refuses a loaded graph that cannot be run by this contract.</summary>
    /// <exception cref="OnnxGraphException">Names the file and the tensor.</exception>
    public void Require(OnnxSession session)
    {
        Require(session.Name, "input", Inputs, session.Inputs);
        Require(session.Name, "output", Outputs, session.Outputs);
        if (session.Inputs.FirstOrDefault(port => Inputs.All(wanted => wanted.Name != port.Name)) is { } strange)
            throw new OnnxGraphException(session.Name, strange.Name, $"no inputs but {string.Join(", ", Inputs.Select(port => port.Name))}", "another");
    }

    private static void Require(string file, string kind, IReadOnlyList<ContractPort> wanted, IReadOnlyList<OnnxPort> found)
    {
        foreach (var port in wanted)
        {
            var there = found.FirstOrDefault(candidate => candidate.Name == port.Name)
                ?? throw new OnnxGraphException(file, port.Name, $"an {kind} {port}", $"the {kind}s {string.Join(", ", found.Select(p => p.Name).Take(12))}");
            // What the file leaves open may still fit; the shape that a run gives is looked at again.
            var fits = there.Type == port.Type && there.Shape.Count == port.Shape.Length
                && there.Shape.Zip(port.Shape).All(pair => pair.First < 0 || pair.First == pair.Second);
            if (!fits) throw new OnnxGraphException(file, port.Name, $"{kind} {port}", $"{there}");
        }
    }

    private static ContractPort Float(string name, params long[] shape) => new(name, OnnxElementType.Float32, shape);

    private static IEnumerable<ContractPort> Caches(DitarConfig model, Func<int, string> keys, Func<int, string> values)
    {
        for (var layer = 0; layer < model.LanguageModel.Layers; layer++)
        {
            yield return Float(keys(layer), 1, Open, model.LanguageModel.Heads, model.HeadDim);
            yield return Float(values(layer), 1, Open, model.LanguageModel.Heads, model.HeadDim);
        }
    }
}
