// What is said to a VoxCPM model, and the inputs of every part while it is said, as the oracle has them, rounded to float32 once. Seeded: random tokens,
// latents and sound of the model's magnitudes, the first patches heard as a prompt. Utterance: a real text without a prompt, as a zero-shot call has it, and
// the patches that the oracle speaks. See TeacherForcing for DiTAR's.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Randomness;
using Ditar.Reference.VoxCpm;
using static Ditar.Parity.Passages;

namespace Ditar.Parity;

internal sealed class VoxCpmPassages
{
    private const double Guidance = 2;
    private const double Sway = 1;

    private readonly VoxCpmParityModel model;
    private readonly IParityEngine oracle;
    private readonly PlanOptions options;
    private readonly CancellationToken cancellation;

    private VoxCpmPassages(VoxCpmParityModel model, IParityEngine oracle, PlanOptions options, CancellationToken cancellation) =>
        (this.model, this.oracle, this.options, this.cancellation) = (model, oracle, options, cancellation);

    private VoxCpmConfig Config => model.Config;

    /// <exception cref="ArgumentException">A voice was asked for, or a text that the model's sequence cannot hold.</exception>
    public static Plan Plan(VoxCpmParityModel model, IParityEngine oracle, PlanOptions options, Action done, CancellationToken cancellation)
    {
        if (options.Voice is { } voice) throw new ArgumentException($"VoxCPM folders have no stored voices, '{voice}' was asked for.", nameof(options));
        var passages = new VoxCpmPassages(model, oracle, options, cancellation);
        var calls = new List<ModuleCall>();
        foreach (var call in passages.Calls(passages.Seeded()).Concat(passages.Calls(passages.Utterance())))
        {
            cancellation.ThrowIfCancellationRequested();
            calls.Add(call);
            done();
        }

        return new Plan(options.Seed, calls, options.FreePatches > 0 ? [passages.Free(PlanOptions.LastingText, options.FreePatches)] : []);
    }

    private Passage Seeded()
    {
        var symbols = new RandomSequence(options.Seed, SymbolStream);
        var patches = Normals(PatchStream, 1, SeededPatches, Config.PatchSize, Config.LatentDim);
        var audio = Normals(AudioStream, Loudness, 1, SeededPatches * Config.PatchSize * Config.Vae.EncoderHop, 1);
        return new Passage(
            "seeded", [.. Enumerable.Range(0, SeededSymbols).Select(_ => symbols.NextBelow(Config.Vocabulary)), VoxCpmTokenizer.AudioStart],
            patches, SeededPatches - NewPatches, audio);
    }

    private Passage Utterance()
    {
        var spoken = Free(PlanOptions.Sentence, NewPatches);
        var request = spoken.Request();
        Tensor[] made = [.. oracle.Generate(request, cancellation).Select(patch => patch.Latents.Copy().Reshape(1, patch.Latents[0], patch.Latents[1]))];
        var audio = Normals(AudioStream + 1, Loudness, 1, NewPatches * Config.PatchSize * Config.Vae.EncoderHop, 1);
        return new Passage("utterance", [.. request.Text, VoxCpmTokenizer.AudioStart], Tensor.Concat(0, made).To(ElementType.Float32), 0, audio);
    }

    private FreeRun Free(string standard, int patches)
    {
        var text = model.Tokenizer.Encode(VoxCpmSpeaker.Folded(options.Text ?? standard), literals: false);
        // A tiny model may hold less than the standard text.
        var room = Config.Positions - patches - 1;
        if (room < 1 || (options.Text is not null && text.Length > room))
            throw new ArgumentException($"{text.Length} tokens, audio-start and {patches} patches do not fit into the model's {Config.Positions} positions.");
        var noise = Tensor.Concat(0, [.. Enumerable.Range(0, patches).Select(patch => Normals((ulong)patch, 1, 1, 1, Config.PatchSize, Config.LatentDim))]);
        return FreeRun.Create("utterance", text[..Math.Min(text.Length, room)], null, noise, model.FreeSteps, Guidance, Sway);
    }

    private IEnumerable<ModuleCall> Calls(Passage passage)
    {
        var (name, patches, symbols) = (passage.Scenario, passage.Patches, passage.Symbols.Length);
        var embed = new ModuleCall(name, GraphNames.TextEmbedding, "", [RecordedTensor.Symbols("symbols", passage.Symbols)]);
        yield return embed;
        var encode = new ModuleCall(name, GraphNames.PatchEncoder, "", [RecordedTensor.Rounded("patches", patches)]);
        yield return encode;
        var (embedded, encoded) = (Output(oracle.Run(embed), "embedding"), Output(oracle.Run(encode), "embedding"));
        var prompt = passage.PromptPatches;
        var silent = Tensor.Zeros(embedded.Type, symbols, embedded[1]);
        Tensor inputs = embedded, heard = silent;
        if (prompt > 0) (inputs, heard) = (Tensor.Concat(0, embedded, encoded.Slice(0, 0, prompt)), Tensor.Concat(0, silent, encoded.Slice(0, 0, prompt)));

        var whole = new ModuleCall(name, VoxCpmGraphNames.BasePrefill, "", [RecordedTensor.Rounded("inputs", inputs)]);
        yield return whole;
        var readBase = oracle.Run(whole);
        var hidden = Output(readBase, "hidden");                                                   // [time, W]
        if (prompt > 0)
        {
            var quantise = new ModuleCall(name, VoxCpmGraphNames.Quantiser, "", [RecordedTensor.Rounded("hidden", hidden.Slice(0, symbols, prompt))]);
            yield return quantise;
            hidden = Tensor.Concat(0, hidden.Slice(0, 0, symbols), Output(oracle.Run(quantise), "quantised"));
        }

        yield return new ModuleCall(name, VoxCpmGraphNames.Stop, "", [RecordedTensor.Rounded("hidden", hidden)]);
        var join = new ModuleCall(name, VoxCpmGraphNames.ResidualInput, "", [RecordedTensor.Rounded("hidden", hidden), RecordedTensor.Rounded("heard", heard)]);
        yield return join;
        var rest = new ModuleCall(name, VoxCpmGraphNames.ResidualPrefill, "", [RecordedTensor.Rounded("inputs", Output(oracle.Run(join), "inputs"))]);
        yield return rest;
        var readResidual = oracle.Run(rest);
        var last = hidden.Slice(0, hidden[0] - 1, 1);
        for (var patch = prompt; ; patch++)
        {
            var number = $"{patch - prompt}";
            var condition = new ModuleCall(name, VoxCpmGraphNames.Condition, number, [RecordedTensor.Rounded("hidden", Tensor.Concat(1, last, LastRow(readResidual)))]);
            yield return condition;
            foreach (var call in Velocities(passage, patch, number, Output(oracle.Run(condition), "condition"))) yield return call;
            if (patch == patches[0] - 1) break;
            cancellation.ThrowIfCancellationRequested();

            // The patch is read: base model, quantiser, residual model.
            var next = encoded.Slice(0, patch, 1);
            var step = new ModuleCall(name, VoxCpmGraphNames.BaseStep, number, [RecordedTensor.Rounded("inputs", next), .. TeacherForcing.Past(readBase)]);
            yield return step;
            readBase = oracle.Run(step);
            var level = new ModuleCall(name, VoxCpmGraphNames.Quantiser, number, [RecordedTensor.Rounded("hidden", Output(readBase, "hidden"))]);
            yield return level;
            last = Output(oracle.Run(level), "quantised");
            var both = new ModuleCall(name, VoxCpmGraphNames.ResidualInput, number, [RecordedTensor.Rounded("hidden", last), RecordedTensor.Rounded("heard", next)]);
            yield return both;
            var residual = new ModuleCall(
                name, VoxCpmGraphNames.ResidualStep, number, [RecordedTensor.Rounded("inputs", Output(oracle.Run(both), "inputs")), .. TeacherForcing.Past(readResidual)]);
            yield return residual;
            readResidual = oracle.Run(residual);
        }

        yield return new ModuleCall(name, GraphNames.VaeEncoder, "", [RecordedTensor.Rounded("audio", passage.Audio)]);
        yield return new ModuleCall(name, GraphNames.VaeDecoder, "", [RecordedTensor.Rounded("latents", patches.Reshape(1, -1, patches[2]))]);
    }

    // Guidance's two branches as one batch: the condition and zeros.
    private IEnumerable<ModuleCall> Velocities(Passage passage, int patch, string number, Tensor condition)
    {
        var clean = passage.Patches.Slice(0, patch, 1).To(ElementType.Float64);                    // [1, P, D]
        var history = patch == 0 ? Tensor.Zeros(clean.Type, clean.Shape) : passage.Patches.Slice(0, patch - 1, 1).To(ElementType.Float64);
        var draws = new double[clean.Count];
        NormalSource.FillNormal(options.Seed, TeacherForcing.VelocityStream + (ulong)patch, 0, draws);
        var noise = Tensor.From(draws, [.. clean.Shape]);
        var path = new StraightPath();
        foreach (var time in TeacherForcing.Times)
        {
            var noisy = path.At(time).Mix(clean, noise);
            yield return new ModuleCall(passage.Scenario, VoxCpmGraphNames.Velocity, $"{number}.t{time:0.0}",
            [
                RecordedTensor.Rounded("noisy", Tensor.Concat(0, noisy, noisy)),
                RecordedTensor.Rounded("time", Tensor.Full(ElementType.Float64, time, 2)),
                RecordedTensor.Rounded("step", Tensor.Full(ElementType.Float64, Config.MeanMode ? time / model.FreeSteps : 0, 2)),
                RecordedTensor.Rounded("condition", Tensor.Concat(0, condition, Tensor.Zeros(condition.Type, condition.Shape))),
                RecordedTensor.Rounded("history", Tensor.Concat(0, history, history)),
            ]);
        }
    }

    private Tensor Normals(ulong stream, double deviation, params int[] shape)
    {
        var draws = new float[shape.Aggregate(1, (product, extent) => checked(product * extent))];
        NormalSource.FillNormal(options.Seed, stream, 0, draws);
        for (var i = 0; i < draws.Length; i++) draws[i] *= (float)deviation;
        return Tensor.From(draws, shape);
    }

    private static Tensor LastRow(IReadOnlyList<RecordedTensor> outputs)
    {
        var hidden = Output(outputs, "hidden");
        return hidden.Slice(0, hidden[0] - 1, 1);
    }

    private static Tensor Output(IReadOnlyList<RecordedTensor> outputs, string name) => TeacherForcing.Output(outputs, name);
}
