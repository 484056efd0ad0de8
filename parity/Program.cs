// `ditar-parity`: who is how far from the float64 truth, layer by layer. Each command has a file of its own in Commands.

using System.CommandLine;
using Ditar.Parity;
using Spectre.Console;

// A file or a pipe has no width; lines should not be broken there.
const int RedirectedWidth = 200;
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = RedirectedWidth;

var root = new RootCommand("Parity of Ditar's backends and ONNX Runtime with the float64 oracle.")
{
    ProvidersCommand.Create(),
    RunCommand.Create(),
    ExportCommand.Create(),
    RecordCommand.Create(),
    CompareCommand.Create(),
};

// Interrupts are the commands' own business.
return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
