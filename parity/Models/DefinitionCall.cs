// Which lines of the definition each graph stands for, and what its outputs are called. The exporter runs them observed, the lab runs them for their numbers.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Parity;

internal static class DefinitionCall
{
    /// <param name="graph">One of <see cref="GraphNames"/>, where the shapes stand.</param>
    /// <param name="input">An input by its name.</param>
    /// <param name="symbols">The text embedding's input.</param>
    /// <param name="caches">The language model's past, one per layer; they grow.</param>
    /// <exception cref="ArgumentException">No graph has the name.</exception>
    public static (string Name, Tensor Value)[] Run(
        string graph, DitarModel model, Autoencoder autoencoder, Func<string, Tensor> input, Func<int[]> symbols, IReadOnlyList<KeyValueCache> caches) => graph switch
        {
            GraphNames.TextEmbedding => [("embedding", model.LanguageModel.Embed(symbols()))],
            GraphNames.PatchEncoder => [("embedding", model.Encoder.Encode(input("patches")))],
            GraphNames.LanguagePrefill or GraphNames.LanguageStep => Language(model, input("inputs"), caches),
            GraphNames.Velocity => [("velocity", model.Diffusion.Velocity(input("noisy"), input("time"), input("condition"), input("history")))],
            GraphNames.Stop => [("probability", model.LanguageModel.StopProbabilities(input("hidden")))],
            GraphNames.VaeEncoder => [("latents", autoencoder.Encode(input("audio")))],
            GraphNames.VaeDecoder => [("audio", autoencoder.Decode(input("latents")))],
            _ => throw new ArgumentException($"No graph is called {graph}; there are {string.Join(", ", GraphNames.All)}.", nameof(graph)),
        };

    private static (string Name, Tensor Value)[] Language(DitarModel model, Tensor inputs, IReadOnlyList<KeyValueCache> caches) =>
    [
        ("hidden", model.LanguageModel.Forward(inputs, caches)),
        .. caches.SelectMany((cache, layer) => new[] { (GraphNames.PresentKeys(layer), cache.Keys!), (GraphNames.PresentValues(layer), cache.Values!) }),
    ];
}
