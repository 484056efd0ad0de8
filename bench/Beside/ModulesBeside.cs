// The two modules that cost the most, whole, beside their exported graphs: one step of the language model and the solve of one patch by LocDiT.

using Ditar.Onnx;
using Ditar.Reference.Diffusion;

namespace Ditar.Bench;

internal static class ModulesBeside
{
    // Behind a short text and a few patches; what a longer past costs is the table of growth.
    private const int Context = 64, Steps = 8;

    public static BesideTable Run(OnnxLibrary library, BenchModel model, int threads, Action<string> say)
    {
        var config = model.Model.Config;
        var table = new BesideTable($"Modules of the paper's {model.Size}");
        var folder = model.Graphs([GraphNames.LanguagePrefill, GraphNames.LanguageStep, GraphNames.Velocity], say);
        var theirs = Arm.Onnx(library, folder, model, threads);
        var ours = Arm.Ours(model, threads);
        Arm[] arms = [.. theirs, .. ours];
        say($"timing the modules of {model.Size}");
        var steps = Stopwatches.TimeArms(9, [.. arms.Select(arm => (Func<double>)(() =>
        {
            var state = arm.Behind(Context);
            var seconds = arm.LanguageStep(state, Steps);
            (state as IDisposable)?.Dispose();
            return seconds;
        }))]);
        var sampler = PatchSampler.Ditar(new SamplerOptions { Steps = 10, Guidance = 1 });
        var solves = Stopwatches.TimeArms(9, [.. arms.Select(arm => (Func<double>)(() => arm.Solve(sampler)))]);
        var (language, diffusion) = (config.LanguageModel, config.Diffusion);
        Add($"language model step, {language.Layers} x {language.Width}", steps, [1.1, 2.0, 3.5]);
        Add($"LocDiT solve of a patch, 10 steps, w = 1, {diffusion.Layers} x {diffusion.Width}", solves, [1.4, 2.2, 4]);
        foreach (var arm in arms) arm.Dispose();
        return table;

        void Add(string what, Timing[] timings, double[] bars)
        {
            var onnx = timings.Take(theirs.Count).MinBy(timing => timing.Median);
            for (var i = 0; i < ours.Count; i++)
                table.Add(new BesideLine($"{what}, {threads} threads", ours[i].Name, onnx, timings[theirs.Count + i], i < bars.Length ? bars[i] : null, ""));
        }
    }
}
