// The parts of the model as graphs: which sizes may change, what goes in, and which lines of the definition run. No layer is written here.

using Ditar.Onnx;
using Ditar.Reference;
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
        var language = model.LanguageModel;
        var (width, d, p, clean) = (language.Width, config.LatentDim, config.PatchSize, config.HistoryPatches * config.PatchSize);
        var count = new Symbol("n", 3, 4, 6);
        var batch = new Symbol("batch", 2, 3, 5);
        var time = new Symbol("time", 3, 4, 6);
        var past = new Symbol("past", 5, 7, 8);
        var frames = new Symbol("frames", 6, 7, 9);
        return name switch
        {
            GraphNames.TextEmbedding => One(
                "Text symbols to the language model's inputs.", "embedding", [count],
                s => [CallInput.Of("symbols", [.. Enumerable.Range(0, s[0]).Select(i => i % config.Symbols)])],
                i => language.Embed(i[0].Indices!)),
            GraphNames.PatchEncoder => One(
                "LocEnc: patches of latents to the language model's inputs.", "embedding", [count],
                s => [Input("patches", s[0], p, d)], i => model.Encoder.Encode(i[0].Tensor!)),
            GraphNames.LanguagePrefill => new(name, "The language model over a whole prompt.", [time], s => Language([Input("inputs", s[0], width)], 0)),
            GraphNames.LanguageStep => new(name, "The language model over what follows a past.", [past, time], s => Language([Input("inputs", s[1], width)], s[0])),
            GraphNames.Velocity => One(
                "LocDiT: the velocity of noisy patches.", "velocity", [batch],
                s => [Input("noisy", s[0], p, d), Input("time", s[0]), Input("condition", s[0], width), Input("history", s[0], clean, d)],
                i => model.Diffusion.Velocity(i[0].Tensor!, i[1].Tensor!, i[2].Tensor!, i[3].Tensor!)),
            GraphNames.Stop => One(
                "The probability that the patch which a hidden state conditions is the last.", "probability", [count],
                s => [Input("hidden", s[0], width)], i => language.StopProbabilities(i[0].Tensor!)),
            GraphNames.VaeEncoder => One(
                "Audio to standardised latents.", "latents", [batch, frames],
                s => [Input("audio", s[0], s[1] * vae.Config.Hop, 1)], i => vae.Encode(i[0].Tensor!)),
            GraphNames.VaeDecoder => One(
                "Standardised latents to audio.", "audio", [batch, frames],
                s => [Input("latents", s[0], s[1], d)], i => vae.Decode(i[0].Tensor!)),
            _ => throw new ArgumentException($"No part is called '{name}'; there are {string.Join(", ", GraphNames.All)}.", nameof(name)),
        };

        GraphDefinition One(
            string description, string output, IReadOnlyList<Symbol> symbols, Func<IReadOnlyList<int>, CallInput[]> inputs, Func<CallInput[], Tensor> run) =>
            new(name, description, symbols, sizes =>
            {
                var given = inputs(sizes);
                return new Call(given, () => [(output, run(given))]);
            });

        Call Language(CallInput[] inputs, int pastLength)
        {
            var caches = language.Transformer.StartCaches();
            var stack = language.Transformer.Config;
            var given = new List<CallInput>(inputs);
            for (var layer = 0; layer < caches.Count && pastLength > 0; layer++)
            {
                Tensor Held(string input) => Input(input, 1, pastLength, stack.KeyHeads ?? stack.Heads, stack.HeadDim).Tensor!;
                caches[layer].Append(Held(GraphNames.PastKeys(layer)), Held(GraphNames.PastValues(layer)));
                given.Add(CallInput.Of(GraphNames.PastKeys(layer), caches[layer].Keys!));
                given.Add(CallInput.Of(GraphNames.PastValues(layer), caches[layer].Values!));
            }

            return new Call(given, () =>
            [
                ("hidden", language.Forward(inputs[0].Tensor!, caches)),
                .. caches.SelectMany((cache, layer) => new[] { (GraphNames.PresentKeys(layer), cache.Keys!), (GraphNames.PresentValues(layer), cache.Values!) }),
            ]);
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
