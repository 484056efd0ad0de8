// The inputs of every module, as the oracle has them while it speaks, rounded to float32 once. So all engines compute on the very same numbers, and an
// error in a row was made by that module alone. A passage is a text and its patches; the first of them are the prompt.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Randomness;

namespace Ditar.Parity;

/// <param name="Symbols">Text of prompt and target, audio-start at the end.</param>
/// <param name="Patches">[patches, P, D], float32: prompt and then what follows it.</param>
/// <param name="PromptPatches">How many of them the prefill reads; at least one less than all.</param>
/// <param name="Audio">[1, samples, 1], float32: what the VAE encoder hears.</param>
internal sealed record Passage(string Scenario, int[] Symbols, Tensor Patches, int PromptPatches, Tensor Audio);

internal sealed class TeacherForcing(IParityEngine oracle, DitarParityModel model, ulong seed)
{
    // Noise of the velocity calls; free running draws streams 0, 1, ... of the same seed.
    public const ulong VelocityStream = 1UL << 32;

    // The grid's ends, where signal or noise is alone, and its inside.
    public static readonly double[] Times = [0.1, 0.5, 1.0];

    /// <summary>Every module once or more over one passage.</summary>
    public IEnumerable<ModuleCall> Calls(Passage passage, CancellationToken cancellation)
    {
        var (name, patches) = (passage.Scenario, passage.Patches);
        var embed = new ModuleCall(name, "text_embedding", "", [RecordedTensor.Symbols("symbols", passage.Symbols)]);
        yield return embed;
        var encode = new ModuleCall(name, "patch_encoder", "", [RecordedTensor.Rounded("patches", patches)]);
        yield return encode;
        cancellation.ThrowIfCancellationRequested();
        var embedded = Output(oracle.Run(embed), "embedding");                                     // [symbols, width]
        var encoded = Output(oracle.Run(encode), "embedding");                                     // [patches, width]

        var prefill = new ModuleCall(name, "language_prefill", "",
            [RecordedTensor.Rounded("inputs", Tensor.Concat(0, embedded, encoded.Slice(0, 0, passage.PromptPatches)))]);
        yield return prefill;
        var read = oracle.Run(prefill);
        var hidden = LastRow(read);                                                                // h of the first new patch
        for (var patch = passage.PromptPatches; patch < patches[0]; patch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var number = patch - passage.PromptPatches;
            foreach (var call in Velocities(passage, patch, hidden)) yield return call;
            if (patch == patches[0] - 1) break;
            var step = new ModuleCall(name, "language_step", $"{number}",
                [RecordedTensor.Rounded("inputs", encoded.Slice(0, patch, 1)), .. Past(read)]);
            yield return step;
            read = oracle.Run(step);
            hidden = LastRow(read);
        }

        yield return new ModuleCall(name, "stop", "", [RecordedTensor.Rounded("hidden", Output(oracle.Run(prefill), "hidden"))]);
        yield return new ModuleCall(name, "vae_encoder", "", [RecordedTensor.Rounded("audio", passage.Audio)]);
        yield return new ModuleCall(name, "vae_decoder", "", [RecordedTensor.Rounded("latents", patches.Reshape(1, -1, patches[2]))]);
    }

    // Guidance's two branches as one batch: h and zeros.
    private IEnumerable<ModuleCall> Velocities(Passage passage, int patch, Tensor hidden)
    {
        var config = model.Config;
        var (p, d, k) = (config.PatchSize, config.LatentDim, config.HistoryPatches);
        var clean = passage.Patches.Slice(0, patch, 1).To(ElementType.Float64);                    // [1, P, D]
        var before = passage.Patches.To(ElementType.Float64).Reshape(1, -1, d).Pad(1, k * p, 0);   // zeros before the beginning
        var history = before.Slice(1, patch * p, k * p);                                           // [1, K*P, D]
        var draws = new double[p * d];
        NormalSource.FillNormal(seed, VelocityStream + (ulong)patch, 0, draws);
        var noise = Tensor.From(draws, 1, p, d);
        var path = new TrigonometricPath();
        foreach (var time in Times)
        {
            var noisy = path.At(time).Mix(clean, noise);
            yield return new ModuleCall(passage.Scenario, "velocity", $"{patch - passage.PromptPatches}.t{time:0.0}",
            [
                RecordedTensor.Rounded("noisy", Tensor.Concat(0, noisy, noisy)),
                RecordedTensor.Rounded("time", Tensor.Full(ElementType.Float64, time, 2)),
                RecordedTensor.Rounded("condition", Tensor.Concat(0, hidden, Tensor.Zeros(hidden.Type, hidden.Shape))),
                RecordedTensor.Rounded("history", Tensor.Concat(0, history, history)),
            ]);
        }
    }

    // The cache a step reads is the oracle's, rounded like any other input.
    public static IEnumerable<RecordedTensor> Past(IReadOnlyList<RecordedTensor> outputs) => outputs
        .Where(output => output.Name.StartsWith("present.", StringComparison.Ordinal))
        .Select(output => RecordedTensor.Rounded("past" + output.Name["present".Length..], output.ToTensor(ElementType.Float64)));

    private static Tensor LastRow(IReadOnlyList<RecordedTensor> outputs)
    {
        var hidden = Output(outputs, "hidden");
        return hidden.Slice(0, hidden[0] - 1, 1);
    }

    public static Tensor Output(IReadOnlyList<RecordedTensor> outputs, string name) => outputs.First(output => output.Name == name).ToTensor(ElementType.Float64);
}
