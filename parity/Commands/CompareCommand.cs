// `ditar-parity compare A B`: recorded runs with each other. The truth is the oracle's, if it is among them, else the first file.

using System.CommandLine;
using Spectre.Console;

namespace Ditar.Parity;

internal static class CompareCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "two or more recorded runs", Arity = new ArgumentArity(2, 8) };
        var report = new Option<string>("--report") { Description = "write the HTML page too", HelpName = "FILE" };
        var layers = new Option<bool>("--layers") { Description = "a line for every tensor, not only for every module" };
        var command = new Command("compare", "Compare recorded runs of the same model on the same inputs.") { files, report, layers };
        command.SetAction(parsed => Guard.Run(_ =>
        {
            if (parsed.GetValue(report) is { } asked) Destination.Require(asked);
            var paths = parsed.GetValue(files)!;
            var result = Comparison.Of([.. paths.Select(RecordingFile.Read)]);
            TerminalTable.Write(AnsiConsole.Console, result, parsed.GetValue(layers));
            if (parsed.GetValue(report) is { } page)
            {
                new HtmlReport(result, [$"dotnet run -c Release --project parity -- compare {string.Join(' ', paths)}"]).Save(page);
                Console.WriteLine($"report: {Path.GetFullPath(page)}");
            }

            return result.Holds ? ExitCode.Done : ExitCode.Broken;
        }));
        return command;
    }
}
