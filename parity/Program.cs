// `ditar-parity`: who is how far from the float64 truth, layer by layer. Each command has a file of its own in Commands.

using System.CommandLine;
using Ditar.Parity;
using Spectre.Console;

// A file or a pipe has no width and no colours; lines should not be broken there.
const int RedirectedWidth = 200;
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = RedirectedWidth;
    AnsiConsole.Profile.Capabilities.Ansi = false;
}

var root = new RootCommand("Parity of Ditar's backends and ONNX Runtime with the float64 oracle.")
{
    ProvidersCommand.Create(),
    RunCommand.Create(),
    ExportCommand.Create(),
    RecordCommand.Create(),
    CompareCommand.Create(),
};

// A wrong command line is told in one line, with an exit code of its own: 1 would say that a bound broke.
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"error: {string.Join(" ", parsed.Errors.Select(error => error.Message)).ReplaceLineEndings(" ")}");
    Console.Error.WriteLine($"'{(parsed.CommandResult.Command is RootCommand ? "ditar-parity" : $"ditar-parity {parsed.CommandResult.Command.Name}")} --help' shows how it is used.");
    return ExitCode.BadInput;
}

// Interrupts are the commands' own business.
return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
