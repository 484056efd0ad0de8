// The parts of the model as graphs: which sizes may change, what goes in, and which lines of the definition run. No layer is written here.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;

namespace Ditar.Parity.Export;

/// <param name="Description">For the reader of the graph.</param>
/// <param name="Prepare">Makes a call at sizes, one per symbol.</param>
internal sealed record GraphDefinition(string Name, string Description, IReadOnlyList<Symbol> Symbols, Func<IReadOnlyList<int>, Call> Prepare)
{
    /// <summary>One run per set of sizes, laid side by side.</summary>
    public SymbolicGraph Trace(CancellationToken cancellation)
    {
        var sizes = Symbol.Runs(Symbols);
        var runs = new List<RecordedRun>(sizes.Count);
        foreach (var size in sizes)
        {
            cancellation.ThrowIfCancellationRequested();
            runs.Add(RecordedRun.Of(Prepare(size)));
        }

        return RunAlignment.Of(Name, Symbols, sizes, runs);
    }

    /// <exception cref="ArgumentException">No graph has the name.</exception>
    public static GraphDefinition Of(string name, ExportSource source)
    {
        var (model, config, vae) = (source.Model, source.Model.Config, source.Autoencoder);
        var (width, d, p, clean) = (model.LanguageModel.Width, config.LatentDim, config.PatchSize, config.HistoryPatches * config.PatchSize);
        var count = new Symbol("n", 3, 4, 6);
        var batch = new Symbol("batch", 2, 3, 5);
        var time = new Symbol("time", 3, 4, 6);
        var past = new Symbol("past", 5, 7, 8);
        var frames = new Symbol("frames", 6, 7, 9);
        return name switch
        {
            GraphNames.TextEmbedding => Part(
                "Text symbols to the language model's inputs.", [count],
                s => [CallInput.Of("symbols", [.. Enumerable.Range(0, s[0]).Select(i => i % config.Symbols)])]),
            GraphNames.PatchEncoder => Part("LocEnc: patches of latents to the language model's inputs.", [count], s => [Input("patches", s[0], p, d)]),
            GraphNames.LanguagePrefill => Part("The language model over a whole prompt.", [time], s => [Input("inputs", s[0], width)]),
            GraphNames.LanguageStep => Part("The language model over what follows a past.", [past, time], s => [Input("inputs", s[1], width)], s => s[0]),
            GraphNames.Velocity => Part(
                "LocDiT: the velocity of noisy patches.", [batch],
                s => [Input("noisy", s[0], p, d), Input("time", s[0]), Input("condition", s[0], width), Input("history", s[0], clean, d)]),
            GraphNames.Stop => Part(
                "The probability that the patch which a hidden state conditions is the last.", [count], s => [Input("hidden", s[0], width)]),
            GraphNames.VaeEncoder => Part("Audio to standardised latents.", [batch, frames], s => [Input("audio", s[0], s[1] * vae.Config.Hop, 1)]),
            GraphNames.VaeDecoder => Part("Standardised latents to audio.", [batch, frames], s => [Input("latents", s[0], s[1], d)]),
            _ => throw new ArgumentException($"No part is called '{name}'; there are {string.Join(", ", GraphNames.All)}.", nameof(name)),
        };

        GraphDefinition Part(
            string description, IReadOnlyList<Symbol> symbols, Func<IReadOnlyList<int>, CallInput[]> inputs, Func<IReadOnlyList<int>, int>? pastLength = null) =>
            new(name, description, symbols, sizes =>
            {
                var caches = model.LanguageModel.Transformer.StartCaches();
                CallInput[] given = [.. inputs(sizes), .. pastLength is null ? [] : Past(caches, pastLength(sizes))];
                CallInput Given(string input) => given.First(each => each.Name == input);
                return new Call(given, () => DefinitionCall.Run(name, model, vae, input => Given(input).Tensor!, () => Given("symbols").Indices!, caches));
            });

        List<CallInput> Past(IReadOnlyList<KeyValueCache> caches, int length)
        {
            var stack = model.LanguageModel.Transformer.Config;
            var held = new List<CallInput>();
            for (var layer = 0; layer < caches.Count; layer++)
            {
                Tensor Held(string input) => Input(input, 1, length, stack.KeyHeads ?? stack.Heads, stack.HeadDim).Tensor!;
                caches[layer].Append(Held(GraphNames.PastKeys(layer)), Held(GraphNames.PastValues(layer)));
                held.Add(CallInput.Of(GraphNames.PastKeys(layer), caches[layer].Keys!));
                held.Add(CallInput.Of(GraphNames.PastValues(layer), caches[layer].Values!));
            }

            return held;
        }
    }

    // Normal draws, others for every name and size: what depends on the input must not look like a constant.
    private static CallInput Input(string name, params int[] shape)
    {
        var draws = new double[shape.Aggregate(1, (product, extent) => checked(product * extent))];
        NormalSource.FillNormal((ulong)draws.Length, (ulong)name.Length, 0, draws);
        return CallInput.Of(name, Tensor.From(ElementType.Float32, draws, shape));
    }
}
