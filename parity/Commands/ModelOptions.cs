// The options that name a model and what is done with it; the same for run and record.

using System.CommandLine;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Parity;

internal sealed class ModelOptions
{
    private readonly Option<string> folder = new("--model", "-m") { Description = "folder of the checkpoint, or an official VoxCPM one [default: models/ditar-tiny]", HelpName = "DIR" };
    private readonly Option<string> size = new("--size") { Description = $"one of the named sizes instead, with --random: {string.Join(", ", DitarConfig.Names)}", HelpName = "SIZE" };
    private readonly Option<bool> random = new("--random") { Description = "random weights from --seed" };
    private readonly Option<string> decoder = new("--decoder") { Description = "VAE decoder of random weights: istft or bigvgan", DefaultValueFactory = _ => VaeConfig.InverseStftKind };
    private readonly Option<ulong> seed = new("--seed") { Description = "of random weights, seeded inputs and noise", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> text = new("--text")
    {
        Description = $"what is said, in the utterance and in free running [default: {PlanOptions.Sentence}; in free running a text that lasts as long]",
    };

    private readonly Option<string> voice = new("--voice") { Description = "stored voice of the utterance [default: the first]" };
    private readonly Option<int?> patches = new("--patches") { Description = "length of free running, 0 for none [default: 64; 16 with random weights, 4 of VoxCPM]" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { folder, size, random, decoder, seed, text, voice, patches }) command.Add(option);
    }

    /// <exception cref="ArgumentException">The options contradict each other or name what is not there.</exception>
    public ParityModel Model(ParseResult parsed)
    {
        if (!parsed.GetValue(random))
        {
            return parsed.GetValue(size) is { } name
                ? throw new ArgumentException($"There are no trained weights for --size {name}; add --random.")
                : ParityModel.Open(parsed.GetValue(folder) ?? Path.Combine("models", "ditar-tiny"));
        }

        if (parsed.GetValue(folder) is not null) throw new ArgumentException("--random makes its own weights; it takes --size, not --model.");
        return ParityModel.Random(parsed.GetValue(size) ?? "tiny", parsed.GetValue(seed), parsed.GetValue(decoder)!);
    }

    public PlanOptions Plan(ParseResult parsed, ParityModel model)
    {
        var length = parsed.GetValue(patches) ?? model.FreePatches;
        if (length is < 0 or > 1024) throw new ArgumentException($"--patches is 0 to 1024, found {length}.");
        return new PlanOptions(parsed.GetValue(seed), parsed.GetValue(text), length, model.FreeSteps, parsed.GetValue(voice));
    }

    /// <summary>The options as they would be typed.</summary>
    public string Typed(ParseResult parsed, ParityModel model)
    {
        var typed = parsed.GetValue(random)
            ? $"--size {parsed.GetValue(size) ?? "tiny"} --random{(parsed.GetValue(decoder) == VaeConfig.InverseStftKind ? "" : $" --decoder {parsed.GetValue(decoder)}")}"
            : $"--model {parsed.GetValue(folder) ?? "models/ditar-tiny"}";
        typed += $" --seed {parsed.GetValue(seed)}";
        if (parsed.GetValue(text) is { } said) typed += $" --text \"{said}\"";
        if (parsed.GetValue(voice) is { } name) typed += $" --voice {name}";
        return parsed.GetValue(patches) is { } length ? $"{typed} --patches {length}" : typed;
    }
}
