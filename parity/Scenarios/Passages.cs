// The two things that are said. Seeded: random symbols, latents and sound of the model's magnitudes, for any model. Utterance: a real text after a bundled
// voice prompt, with the patches that the oracle speaks; only where there are voices.

using Ditar.Reference;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;
using Ditar.Reference.Text;

namespace Ditar.Parity;

/// <param name="Text">What is said, in the utterance and in free running; null for a sentence in the one and a text that lasts in the other.</param>
/// <param name="FreePatches">Length of free running.</param>
internal sealed record PlanOptions(ulong Seed, string? Text, int FreePatches, int FreeSteps, string? Voice = null)
{
    public const string Sentence = "seven three nine, open the door";

    /// <summary>Lasts about 64 patches. Past the end of its text a model babbles, and what is measured then is chaos rather than arithmetic.</summary>
    public const string LastingText = "seven three nine, open the door, four two eight, close the window, one six five, wait at the gate";
}

internal static class Passages
{
    public const ulong SymbolStream = 1UL << 40;
    public const ulong PatchStream = SymbolStream + 1;
    public const ulong AudioStream = SymbolStream + 2;

    // Enough that no axis is 1 and every convolution sees more than its edges, few enough for a float64 oracle on plain loops.
    public const int SeededSymbols = 16;
    public const int SeededPatches = 5;
    public const int NewPatches = 2;

    // Root mean square of speech.
    public const double Loudness = 0.1;

    /// <summary>Both passages, their calls and the free run; the oracle computes ahead to have the inputs.</summary>
    public static Plan Plan(DitarParityModel model, IParityEngine oracle, PlanOptions options, Action done, CancellationToken cancellation)
    {
        var forcing = new TeacherForcing(oracle, model, options.Seed);
        var calls = new List<ModuleCall>();
        Add(Seeded(model, options.Seed));
        var prompt = Prompt(model, options.Voice);
        int[] Text(string standard) => prompt is null ? SeededText(model, options.Seed) : Spoken(model, options.Text ?? standard);
        FreeRun Free(string standard, int patches) => FreeRun.Create(
            prompt is null ? "seeded" : "utterance", Text(standard), prompt, Noise(model, options.Seed, patches), options.FreeSteps, model.Sampling.Guidance);

        if (prompt is not null)
            Add(Utterance(model, oracle, prompt, Text(PlanOptions.Sentence), Free(PlanOptions.Sentence, NewPatches), cancellation));
        return new Plan(options.Seed, calls, options.FreePatches > 0 ? [Free(PlanOptions.LastingText, options.FreePatches)] : []);

        void Add(Passage passage)
        {
            foreach (var call in forcing.Calls(passage, cancellation))
            {
                calls.Add(call);
                done();
            }
        }
    }

    private static Passage Seeded(DitarParityModel model, ulong seed)
    {
        var (p, d) = (model.Config.PatchSize, model.Config.LatentDim);
        var patches = Normals(seed, PatchStream, 1, SeededPatches, p, d);
        var audio = Normals(seed, AudioStream, Loudness, 1, SeededPatches * p * model.Vae.Hop, 1);
        return new Passage("seeded", [.. SeededText(model, seed), model.Tokenizer.AudioStartId], patches, SeededPatches - NewPatches, audio);
    }

    private static Passage Utterance(DitarParityModel model, IParityEngine oracle, SpeechPrompt prompt, int[] text, FreeRun spoken, CancellationToken cancellation)
    {
        // The oracle says the first patches; what it said is then everyone's input.
        Tensor[] made = [.. oracle.Generate(spoken.Request(), cancellation).Select(patch => patch.Latents.Copy().Reshape(1, patch.Latents[0], patch.Latents[1]))];
        var patches = Tensor.Concat(0, [prompt.Latents.To(ElementType.Float64), .. made]).To(ElementType.Float32);
        var latents = RecordedTensor.Rounded("latents", patches.Reshape(1, -1, patches[2]));
        var audio = oracle.Run(new ModuleCall("utterance", "vae_decoder", "", [latents]))[^1].ToTensor(ElementType.Float32);
        return new Passage("utterance", [.. prompt.Text, .. text, model.Tokenizer.AudioStartId], patches, prompt.Latents[0], audio);
    }

    private static SpeechPrompt? Prompt(DitarParityModel model, string? name)
    {
        if (model.Voices.Count == 0) return name is null ? null : throw new ArgumentException($"The model has no voices, '{name}' was asked for.", nameof(name));
        var voice = name is null ? model.Voices[0] : model.Voices.FirstOrDefault(voice => string.Equals(voice.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"No voice is called '{name}'; there are {string.Join(", ", model.Voices.Select(voice => voice.Name))}.", nameof(name));
        // The model was trained on prompt and target with a space between.
        return new SpeechPrompt(Spoken(model, voice.Text, " "), voice.Latents);
    }

    private static int[] Spoken(DitarParityModel model, string text, string after = "")
    {
        var ids = model.Tokenizer.Encode(EnglishReading.Read(text) + after).Ids;
        return ids.Length > 0 ? ids : throw new ArgumentException($"\"{text}\" has no word that can be spoken.", nameof(text));
    }

    private static int[] SeededText(DitarParityModel model, ulong seed)
    {
        var symbols = new RandomSequence(seed, SymbolStream);
        return [.. Enumerable.Range(0, SeededSymbols).Select(_ => symbols.NextBelow(model.Config.Symbols))];
    }

    private static Tensor Noise(DitarParityModel model, ulong seed, int patches)
    {
        var (p, d) = (model.Config.PatchSize, model.Config.LatentDim);
        return Tensor.Concat(0, [.. Enumerable.Range(0, patches).Select(patch => Normals(seed, (ulong)patch, 1, 1, 1, p, d))]);
    }

    private static Tensor Normals(ulong seed, ulong stream, double deviation, params int[] shape)
    {
        var draws = new float[shape.Aggregate(1, (product, extent) => checked(product * extent))];
        NormalSource.FillNormal(seed, stream, 0, draws);
        for (var i = 0; i < draws.Length; i++) draws[i] *= (float)deviation;
        return Tensor.From(draws, shape);
    }
}
