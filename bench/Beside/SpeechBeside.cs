// The whole pipeline, text to samples, with every part from one side: time for a fixed number of patches, real-time factor and the wait for the first sound.

using System.Globalization;
using Ditar.Onnx;
using Ditar.Reference.Diffusion;

namespace Ditar.Bench;

internal static class SpeechBeside
{
    private const int Symbols = 40, Rounds = 5;

    // Of models that take seconds for a second.
    private const int LargeRounds = 3;

    // Enough to tell which way ONNX Runtime is faster.
    private const int TrialPatches = 2;

    private static readonly double?[] Bars = [1.25, 1.8, 3.0];

    /// <param name="wanted">Largest real-time factor wanted per format; null for no bar.</param>
    public static string Run(OnnxLibrary library, BenchModel model, int steps, int patches, int threads, double?[] wanted, Action<string> say)
    {
        var folder = model.Graphs([.. GraphNames.All.Where(part => part != GraphNames.VaeEncoder)], say);
        var (text, sampler) = (Text(model.Model.Config.Symbols), PatchSampler.Ditar(new SamplerOptions { Steps = steps, Guidance = 1 }));
        var theirs = Arm.Onnx(library, folder, model, threads);
        if (model.IsLarge) theirs = [Arm.Faster(theirs[0], theirs[1], arm => arm.Speak(text, sampler, TrialPatches).All)];
        var ours = Arm.Ours(model, threads);
        say($"{model.Size} speaks, {steps} steps");
        return Table(
            theirs, ours, text, sampler, patches, Rounds, wanted, steps == 10 ? Bars : [],
            audio => $"{model.Size}, NFE {steps}, w = 1, {Symbols} symbols, {patches} patches ({audio:0.0} s), {threads} threads{(model.IsLarge ? $", ONNX Runtime {theirs[0].Name}" : "")}");
    }

    /// <inheritdoc cref="Run(OnnxLibrary, BenchModel, int, int, int, double?[], Action{string})"/>
    public static string Run(OnnxLibrary library, OfficialBenchModel model, int patches, int threads, double?[] wanted, Action<string> say)
    {
        var text = Text(OfficialBenchModel.Symbols);
        var theirs = model.Onnx(library, threads, arm => arm.Speak(text, OfficialBenchModel.Options.Sampler, TrialPatches).All, say);
        say($"packing {model.Title}");
        var ours = model.Ours(threads, say);
        say($"{model.Title} speaks");
        return Table(
            [theirs], ours, text, OfficialBenchModel.Options.Sampler, patches, LargeRounds, wanted, Bars,
            audio => $"{model.Title}, 10 steps, guidance 2.0, {Symbols} symbols, {patches} patches ({audio:0.00} s), {threads} threads, ONNX Runtime {theirs.Name} and decoding all sound at the end");
    }

    private static int[] Text(int vocabulary)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, Symbols).Select(_ => random.Next(vocabulary))];
    }

    // Takes the arms and lets them go.
    private static string Table(
        IReadOnlyList<Arm> theirs, IReadOnlyList<Arm> ours, int[] text, PatchSampler sampler, int patches, int rounds, double?[] wanted, double?[] bars, Func<double, FormattableString> title)
    {
        Arm[] arms = [.. theirs, .. ours];
        var firsts = arms.Select(_ => new List<double>()).ToArray();
        var audio = 0.0;
        var all = Stopwatches.TimeArms(rounds, [.. arms.Select((arm, i) => (Func<double>)(() =>
        {
            var spoken = arm.Speak(text, sampler, patches);
            firsts[i].Add(spoken.First);
            audio = spoken.Audio;
            return spoken.All;
        }))]);
        // The first turn warms up, here as in the timing.
        var first = firsts.Select(seconds => Timing.Of(seconds.Skip(1), 0)).ToArray();
        var table = new BesideTable($"Speech: {FormattableString.Invariant(title(audio))}");
        var (onnxAll, onnxFirst) = (all.Take(theirs.Count).MinBy(timing => timing.Median), first.Take(theirs.Count).MinBy(timing => timing.Median));
        for (var i = 0; i < ours.Count; i++)
        {
            var factor = all[theirs.Count + i].Median / audio;
            var bar = i < wanted.Length && wanted[i] is { } most ? string.Create(CultureInfo.InvariantCulture, $" (at most {most}: {(factor <= most ? "met" : "**missed**")})") : "";
            table.Add(new BesideLine(
                "whole utterance", ours[i].Name, onnxAll, all[theirs.Count + i], i < bars.Length ? bars[i] : null,
                string.Create(CultureInfo.InvariantCulture, $"real-time factor {factor:0.000}{bar}; ONNX Runtime's {onnxAll.Median / audio:0.000}")));
        }

        for (var i = 0; i < ours.Count; i++)
            table.Add(new BesideLine("first samples", ours[i].Name, onnxFirst, first[theirs.Count + i], null, ""));
        foreach (var arm in arms) arm.Dispose();
        return table.Markdown();
    }
}
