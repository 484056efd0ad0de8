// The whole pipeline, text to samples, with every part from one side: time for a fixed number of patches, real-time factor and the wait for the first sound.

using System.Globalization;
using Ditar.Onnx;
using Ditar.Reference.Diffusion;

namespace Ditar.Bench;

internal static class SpeechBeside
{
    private const int Symbols = 40;

    /// <param name="wanted">Largest real-time factor wanted per format; null for no bar.</param>
    public static string Run(OnnxLibrary library, BenchModel model, int steps, int patches, int threads, double?[] wanted, Action<string> say)
    {
        var folder = model.Graphs([.. GraphNames.All.Where(part => part != GraphNames.VaeEncoder)], say);
        var theirs = Arm.Onnx(library, folder, model, threads, both: !model.IsLarge);
        var ours = Arm.Ours(model, threads);
        Arm[] arms = [.. theirs, .. ours];
        var random = new Random(1);
        int[] text = [.. Enumerable.Range(0, Symbols).Select(_ => random.Next(model.Model.Config.Symbols))];
        var sampler = PatchSampler.Ditar(new SamplerOptions { Steps = steps, Guidance = 1 });
        say($"{model.Size} speaks, {steps} steps");
        var firsts = arms.Select(_ => new List<double>()).ToArray();
        var audio = 0.0;
        var all = Stopwatches.TimeArms(5, [.. arms.Select((arm, i) => (Func<double>)(() =>
        {
            var spoken = arm.Speak(text, sampler, patches);
            firsts[i].Add(spoken.First);
            audio = spoken.Audio;
            return spoken.All;
        }))]);
        // The first turn warms up, here as in the timing.
        var first = firsts.Select(seconds => Timing.Of(seconds.Skip(1), 0)).ToArray();
        var table = new BesideTable($"Speech: {model.Size}, NFE {steps}, w = 1, {Symbols} symbols, {patches} patches ({audio:0.0} s), {threads} threads{(model.IsLarge ? ", ONNX Runtime spinning" : "")}");
        var (onnxAll, onnxFirst) = (all.Take(theirs.Count).MinBy(timing => timing.Median), first.Take(theirs.Count).MinBy(timing => timing.Median));
        double?[] bars = steps == 10 ? [1.25, 1.8, 3.0] : [];
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
