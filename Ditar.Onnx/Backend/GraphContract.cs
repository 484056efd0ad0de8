// What the backend feeds to each exported graph and wants from it, for a model of given sizes; GraphNames tells the same in words. A loaded file is held
// against this before anything runs. Outputs beyond these (an export with intermediates) are allowed and not computed.

using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

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
        var stack = new StackSize(model.LanguageModel.Layers, width, model.LanguageModel.Heads, model.HeadDim);
        return graph switch
        {
            GraphNames.TextEmbedding => new([new("symbols", OnnxElementType.Int64, Open)], [Float("embedding", Open, width)]),
            GraphNames.PatchEncoder => new([Float("patches", Open, patch, dim)], [Float("embedding", Open, width)]),
            GraphNames.LanguagePrefill => new([Float("inputs", Open, width)], [Float("hidden", Open, width), .. Present(stack)]),
            GraphNames.LanguageStep => new([Float("inputs", Open, width), .. Past(stack)], [Float("hidden", Open, width), .. Present(stack)]),
            GraphNames.Velocity => new(
                [Float("noisy", Open, patch, dim), Float("time", Open), Float("condition", Open, width), Float("history", Open, history, dim)],
                [Float("velocity", Open, patch, dim)]),
            GraphNames.Stop => new([Float("hidden", Open, width)], [Float("probability", Open, 1)]),
            GraphNames.VaeEncoder => new([Float("audio", Open, Open, 1)], [Float("latents", Open, Open, vae.LatentDim)]),
            GraphNames.VaeDecoder => new([Float("latents", Open, Open, vae.LatentDim)], [Float("audio", Open, Open, 1)]),
            _ => throw new ArgumentException($"There is no graph {graph}; there are {string.Join(", ", GraphNames.All)}.", nameof(graph)),
        };
    }

    public static GraphContract Of(string graph, VoxCpmConfig model)
    {
        var (width, patch, dim) = (model.Base.Width, model.PatchSize, model.LatentDim);
        return graph switch
        {
            GraphNames.TextEmbedding => new([new("symbols", OnnxElementType.Int64, Open)], [Float("embedding", Open, width)]),
            GraphNames.PatchEncoder => new([Float("patches", Open, patch, dim)], [Float("embedding", Open, width)]),
            VoxCpmGraphNames.BasePrefill => Stack(model.Base, step: false),
            VoxCpmGraphNames.BaseStep => Stack(model.Base, step: true),
            VoxCpmGraphNames.Quantiser => new([Float("hidden", Open, width)], [Float("quantised", Open, width)]),
            VoxCpmGraphNames.ResidualInput => new([Float("hidden", Open, width), Float("heard", Open, width)], [Float("inputs", Open, width)]),
            VoxCpmGraphNames.ResidualPrefill => Stack(model.Residual, step: false),
            VoxCpmGraphNames.ResidualStep => Stack(model.Residual, step: true),
            VoxCpmGraphNames.Condition => new([Float("hidden", Open, 2L * width)], [Float("condition", Open, model.ConditionWidth)]),
            VoxCpmGraphNames.Velocity => new(
                [
                    Float("noisy", Open, patch, dim), Float("time", Open), Float("step", Open), Float("condition", Open, model.ConditionWidth),
                    Float("history", Open, patch, dim),
                ],
                [Float("velocity", Open, patch, dim)]),
            VoxCpmGraphNames.Stop => new([Float("hidden", Open, width)], [Float("logits", Open, 2)]),
            GraphNames.VaeEncoder => new([Float("audio", Open, Open, 1)], [Float("latents", Open, Open, dim)]),
            GraphNames.VaeDecoder => new([Float("latents", Open, Open, dim)], [Float("audio", Open, Open, 1)]),
            _ => throw new ArgumentException($"There is no graph {graph}; there are {string.Join(", ", VoxCpmGraphNames.All)}.", nameof(graph)),
        };

        GraphContract Stack(VoxCpmStackSize stack, bool step)
        {
            var size = new StackSize(stack.Layers, stack.Width, model.KeyHeads, stack.HeadDim);
            return new([Float("inputs", Open, width), .. step ? Past(size) : []], [Float("hidden", Open, width), .. Present(size)]);
        }
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

    private static IEnumerable<ContractPort> Past(StackSize stack) => Caches(stack, GraphNames.PastKeys, GraphNames.PastValues);

    private static IEnumerable<ContractPort> Present(StackSize stack) => Caches(stack, GraphNames.PresentKeys, GraphNames.PresentValues);

    private static IEnumerable<ContractPort> Caches(StackSize stack, Func<int, string> keys, Func<int, string> values)
    {
        for (var layer = 0; layer < stack.Layers; layer++)
        {
            yield return Float(keys(layer), 1, Open, stack.Heads, stack.HeadDim);
            yield return Float(values(layer), 1, Open, stack.Heads, stack.HeadDim);
        }
    }
}
