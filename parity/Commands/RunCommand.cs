// `ditar-parity run`: every engine over the same calls, the table, the page, and exit code 1 when a bound breaks or nothing was compared.

using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;

namespace Ditar.Parity;

internal static class RunCommand
{
    public static Command Create()
    {
        var model = new ModelOptions();
        var graphs = new GraphOptions();
        var withoutGraphs = new Option<bool>("--without-onnx") { Description = "compare only our own kernels; otherwise a run without ONNX Runtime fails" };
        var recorded = new Option<string[]>("--recorded") { Description = "recorded runs to compare too", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        var report = new Option<string>("--report") { Description = "the HTML page", HelpName = "FILE", DefaultValueFactory = _ => "parity.html" };
        var layers = new Option<bool>("--layers") { Description = "a line for every tensor in the terminal, not only for every module" };
        var command = new Command("run", "Compare every module and every layer of all engines with the float64 oracle.") { withoutGraphs, recorded, report, layers };
        model.AddTo(command);
        graphs.AddTo(command);
        command.SetAction(parsed => Guard.Run(cancellation =>
        {
            var clock = Stopwatch.StartNew();
            Destination.Require(parsed.GetValue(report)!);
            var lab = new Lab(model.Model(parsed), parsed.GetValue(withoutGraphs) ? null : graphs.Read(parsed), cancellation);
            var others = (parsed.GetValue(recorded) ?? []).Select(RecordingFile.Read).ToList();
            var recordings = lab.RunAll(model.Plan(parsed, lab.Model));
            var result = Comparison.Of([.. recordings, .. others]);
            TerminalTable.Write(AnsiConsole.Console, result, parsed.GetValue(layers));
            var page = parsed.GetValue(report)!;
            var typed = model.Typed(parsed, lab.Model) + graphs.Typed(parsed) + (parsed.GetValue(withoutGraphs) ? " --without-onnx" : "");
            new HtmlReport(result, [$"dotnet run -c Release --project parity -- run {typed}", $"dotnet run -c Release --project parity -- record {typed} -o run.safetensors"]).Save(page);
            Console.WriteLine($"report: {Path.GetFullPath(page)}  ({clock.Elapsed.TotalSeconds:0} s)");
            if (!parsed.GetValue(withoutGraphs) && result.GraphRows == 0)
            {
                Console.Error.WriteLine("error: not one row was compared against ONNX Runtime; --without-onnx allows that");
                return ExitCode.Broken;
            }

            return result.Holds ? ExitCode.Done : ExitCode.Broken;
        }));
        return command;
    }
}
