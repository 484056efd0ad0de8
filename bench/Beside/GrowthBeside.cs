// What a long past costs: one step of the language model behind 1 to 3,000 positions, and the memory that the engine holds for them.

using System.Globalization;
using System.Text;
using Ditar.Onnx;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class GrowthBeside
{
    private const int Steps = 4, MaxPositions = 4096;

    public static string Run(OnnxLibrary library, int threads, Action<string> say)
    {
        var model = new BenchModel("0.1B", MaxPositions);
        var folder = model.Graphs([GraphNames.LanguagePrefill, GraphNames.LanguageStep], say);
        return Table($"the language model of {model.Size}", Arm.Onnx(library, folder, model, threads), Arm.Ours(model, threads), [1, 100, 300, 1000, 3000], 7, threads, say);
    }

    /// <summary>Both language models of VoxCPM and the quantiser between them.</summary>
    public static string Run(OnnxLibrary library, OfficialBenchModel model, int threads, Action<string> say)
    {
        var theirs = model.Onnx(library, threads, Trial, say);
        return Table($"the language models of {model.Title}", [theirs], model.Ours(threads, say), [1, 300, 1000], 5, threads, say);

        static double Trial(Arm arm)
        {
            using var state = arm.Behind(1);
            return arm.LanguageStep(state, Steps);
        }
    }

    // Takes the arms and lets them go.
    private static string Table(string what, IReadOnlyList<Arm> theirs, IReadOnlyList<Arm> ours, int[] contexts, int rounds, int threads, Action<string> say)
    {
        Arm[] arms = [.. theirs, .. ours];
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### Growth: a step of {what} behind a past, {threads} threads\n");
        text.AppendLine(CultureInfo.InvariantCulture, $"| positions before | ONNX Runtime float32 | {string.Join(" | ", ours.Select(arm => arm.Name))} | keys and values held |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- | --- | {string.Concat(ours.Select(_ => "--- | "))}--- |");
        foreach (var context in contexts)
        {
            say($"a step of {what} behind {context} positions");
            var states = new List<ILanguageState>();
            var held = 0L;
            foreach (var arm in arms)
            {
                var before = NativeBuffer.BytesInUse;
                states.Add(arm.Behind(context));
                held = NativeBuffer.BytesInUse - before;
            }

            // The few steps of all turns make the past a little longer than the row says.
            var timings = Stopwatches.TimeArms(rounds, [.. arms.Select((arm, i) => (Func<double>)(() => arm.LanguageStep(states[i], Steps)))]);
            var onnx = timings.Take(theirs.Count).MinBy(timing => timing.Median);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {context} | {BesideTable.Time(onnx)} | {string.Join(" | ", timings.Skip(theirs.Count).Select(t => BesideTable.Time(t)))} | {held / 1e6:0.0} MB |");
            foreach (var state in states) (state as IDisposable)?.Dispose();
        }

        foreach (var arm in arms) arm.Dispose();
        return text.ToString();
    }
}
