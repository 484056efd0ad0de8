// Free running: an engine speaks from its own patches, so that errors of one step are inputs of the next. The same text, prompt and noise for all; the stop
// head is not heard, so that every engine makes the same number of patches. What is kept: all latents and the waveform after 1, 4, 16, 64 patches.

using System.Globalization;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;

namespace Ditar.Parity;

/// <param name="Inputs">text, and with a prompt prompt_text and prompt [patches, P, D]; noise [patches, 1, P, D]; sampler [steps, guidance] of DiTAR's
/// sampler, or [steps, cfg_value, sway] of VoxCPM's.</param>
internal sealed record FreeRun(string Scenario, IReadOnlyList<RecordedTensor> Inputs)
{
    // Where the bent grid still rises: at 1.75 its first step is zero.
    private const double MostSway = 1.5;

    public const string Module = "free_running";
    public const string Call = "/" + Module;

    /// <summary>After how many patches the engines are compared.</summary>
    public static readonly int[] Marks = [1, 4, 16, 64];

    public string Name => Scenario + Call;

    public int Patches => this["noise"].Shape[0];

    private RecordedTensor this[string input] => Inputs.FirstOrDefault(tensor => tensor.Name == input)
        ?? throw new ArgumentException($"{Name} has no input {input}; it has {string.Join(", ", Inputs.Select(tensor => tensor.Name))}.", nameof(input));

    /// <param name="sampler">As in the inputs.</param>
    public static FreeRun Create(string scenario, int[] text, SpeechPrompt? prompt, Tensor noise, params double[] sampler) => new(scenario,
    [
        RecordedTensor.Symbols("text", text),
        .. prompt is null ? [] : new[] { RecordedTensor.Symbols("prompt_text", prompt.Text), RecordedTensor.Rounded("prompt", prompt.Latents) },
        RecordedTensor.Rounded("noise", noise),
        new RecordedTensor("sampler", [sampler.Length], sampler),
    ]);

    /// <summary>The free runs whose inputs a recording holds.</summary>
    /// <exception cref="ArgumentException">An input is missing, or none that a run can begin with.</exception>
    public static IReadOnlyList<FreeRun> In(IReadOnlyList<RecordedTensor> inputs) =>
    [
        .. inputs.Where(input => input.Name.Contains(Call + "/", StringComparison.Ordinal)).GroupBy(input => input.Name.Split('/')[0])
            .Select(run => new FreeRun(run.Key, [.. run.Select(input => input with { Name = input.Name.Split('/')[^1] })]).Checked()),
    ];

    /// <returns>latents.N [N*P, D] and waveform.N [samples], for every mark that is reached.</returns>
    public IEnumerable<RecordedTensor> Run(IParityEngine engine, Action patchDone, CancellationToken cancellation)
    {
        var noise = this["noise"];
        var patches = new List<Tensor>();
        foreach (var patch in engine.Generate(Request(), cancellation))
        {
            patches.Add(patch.Latents.Copy());
            patchDone();
            if (!Marks.Contains(patches.Count)) continue;
            var latents = Tensor.Concat(0, [.. patches]);                                          // [N*P, D]
            var count = patches.Count.ToString(CultureInfo.InvariantCulture);
            // The engine decodes its own latents, in the precision it has them.
            var own = new ModuleCall(Scenario, "vae_decoder", "", [RecordedTensor.Of("latents", latents.Reshape(1, latents[0], latents[1]))]);
            var audio = engine.Run(own)[^1];
            yield return RecordedTensor.Of($"latents.{count}", latents);
            yield return audio with { Name = $"waveform.{count}", Shape = [audio.Count] };
        }
    }

    // What comes from a file, before anything is computed from it.
    private FreeRun Checked()
    {
        var (noise, sampler) = (this["noise"], this["sampler"]);
        if (noise.Shape is not [> 0, 1, > 0, > 0]) throw new ArgumentException($"{Name}/noise is [patches, 1, P, D], found {noise.ShapeText}.");
        if (sampler.Count > 3 || sampler.ToDoubles() is not ([>= 1 and <= SamplerOptions.MostSteps, >= 0 and <= SamplerOptions.MostGuidance]
            or [>= 1 and <= SamplerOptions.MostSteps, >= 0 and <= SamplerOptions.MostGuidance, >= 0 and <= MostSway]))
            throw new ArgumentException($"{Name}/sampler is [steps, guidance] or [steps, cfg_value, sway], found {string.Join(", ", sampler.ToDoubles().Take(3))} in {sampler.ShapeText}.");
        string[] texts = Inputs.Any(input => input.Name == "prompt") ? ["text", "prompt_text"] : ["text"];
        foreach (var text in texts) _ = (this[text] with { Name = $"{Name}/{text}" }).ToSymbols();
        return this;
    }

    /// <summary>What the generation loop is asked for.</summary>
    public GenerationRequest Request()
    {
        var (noise, sampler) = (this["noise"], this["sampler"].ToDoubles());
        var all = noise.ToTensor(ElementType.Float32);                                             // [patches, 1, P, D]
        Tensor[] given = [.. Enumerable.Range(0, Patches).Select(patch => all.Slice(0, patch, 1).Reshape(noise.Shape.AsSpan(1)).Copy())];
        var values = sampler.Length == 2
            ? PatchSampler.Ditar(new SamplerOptions { Steps = (int)sampler[0], Guidance = sampler[1] })
            : PatchSampler.VoxCpm((int)sampler[0], sampler[1], sway: sampler[2]);
        var prompt = Inputs.FirstOrDefault(input => input.Name == "prompt");
        return new GenerationRequest(this["text"].ToSymbols(), values, new GivenNoise(given))
        {
            Prompt = prompt is null ? null : new SpeechPrompt(this["prompt_text"].ToSymbols(), prompt.ToTensor(ElementType.Float32)),
            MinPatches = Patches,
            MaxPatches = Patches,
            StopThreshold = 1,
        };
    }
}
